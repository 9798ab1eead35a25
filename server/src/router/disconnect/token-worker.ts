import { parentPort } from "node:worker_threads";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import type { CountJob, CountResult } from "./token-counter.ts";

// The time of one count grows with the square of the longest run without a space, and a text in Chinese or base64 is one run.
const LONGEST = 512;
// Names of special tokens in a text are text: whoever wrote them cannot have meant more.
const OPTIONS = { disallowedSpecial: new Set<string>() };

/** Tokens of a text, counted in pieces that end before a space where there is one: there tokens end too. */
function count(text: string): number {
  let tokens = 0;
  for (let from = 0; from < text.length;) {
    const end = from + LONGEST;
    const space = end >= text.length ? text.length : text.lastIndexOf(" ", end);
    const to = space > from ? space : end;
    tokens += countTokens(text.slice(from, to), OPTIONS);
    from = to;
  }
  return tokens;
}

parentPort?.on("message", ({ id, texts }: CountJob) => {
  const result: CountResult = { id, tokens: texts.map(count) };
  parentPort?.postMessage(result, []);
});
