import { isObject, type JsonObject } from "#lib/shape.ts";
import { objectOf } from "../wire/json.ts";

/** Facts of a whole message that have no word of ours and that a client of Anthropic's may need for its next request or its books. */
const FIELDS = ["container", "context_management", "diagnostics", "stop_details"] as const;

/** Counts that stand in our own words already. */
const COUNTED: ReadonlySet<string> = new Set([
  "input_tokens",
  "output_tokens",
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
  "output_tokens_details",
]);

/** Gathers them from the message's head and its end. */
export class AnswerExtras {
  readonly #fields: Record<string, unknown> = {};
  readonly #usage: Record<string, unknown> = {};

  add(message: JsonObject): void {
    for (const field of FIELDS) if (isObject(message[field])) this.#fields[field] = message[field];
  }

  /** The part of `usage` that is no count of tokens by class: tools that Anthropic ran, the tier that served, how long the cache holds. */
  addUsage(value: unknown): void {
    const usage = objectOf(value);
    for (const key in usage) if (!COUNTED.has(key) && usage[key] !== null) this.#usage[key] = usage[key];
  }

  /** Undefined when there are none. */
  fields(): JsonObject | undefined {
    if (Object.keys(this.#usage).length > 0) this.#fields["usage"] = this.#usage;
    return Object.keys(this.#fields).length > 0 ? this.#fields : undefined;
  }
}
