import { createContext, Script } from "node:vm";
import { isObject } from "#lib/shape.ts";

const MAX_PATTERN = 500;
const TIME_LIMIT_MS = 50;
const MAX_TIMEOUTS = 3;
// A thread that got less than this of its time limit was held up by others; it is let try again, but not for ever.
const FAIR_SHARE_US = (TIME_LIMIT_MS * 1_000) / 2;
const MAX_ATTEMPTS = 10;

// A schema comes from a client, so its pattern may take forever on some text. In a script of its own V8 can stop it.
const context = createContext({ pattern: "", text: "" }, { codeGeneration: { strings: false, wasm: false } });
const script = new Script("new RegExp(pattern, 'u').exec(text)?.[0]");

/** `^` and `$` mean the whole value to a schema; here the value is looked for within a text. */
function withoutAnchors(pattern: string): string {
  const start = pattern.startsWith("^") ? 1 : 0;
  const end = /(?:^|[^\\])(?:\\\\)*\$$/.test(pattern) ? pattern.length - 1 : pattern.length;
  return pattern.slice(start, end);
}

/** Looks for patterns in texts on behalf of one request. */
export class PatternSearch {
  #timeouts = 0;

  /**
   * The first place in the text that matches a schema's `pattern`. Undefined for none, for a pattern that is none or longer than
   * 500 characters, and for one that takes longer than 50 ms of a thread that runs; after three of those nothing is searched any more.
   */
  first(pattern: unknown, text: string): string | undefined {
    if (typeof pattern !== "string" || pattern.length > MAX_PATTERN || this.#timeouts >= MAX_TIMEOUTS) return undefined;
    context["pattern"] = withoutAnchors(pattern);
    context["text"] = text;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const before = process.threadCpuUsage();
      try {
        const found: unknown = script.runInContext(context, { timeout: TIME_LIMIT_MS });
        return typeof found === "string" && found !== "" ? found : undefined;
      } catch (error) {
        // The error is of the other context, so it is no instance of our Error.
        if (!isObject(error) || error["code"] !== "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
        const { user, system } = process.threadCpuUsage(before);
        if (user + system >= FAIR_SHARE_US) break;
      }
    }
    this.#timeouts += 1;
    return undefined;
  }
}
