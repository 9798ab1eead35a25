import type { Usage } from "@slipway/contracts/model/usage.ts";
import { isObject } from "#lib/shape.ts";
import { countOf, objectOf } from "../../wire/json.ts";

/** `usage` of a response in disjoint classes: cached and written tokens are part of the input, reasoning of the output. */
export function decodeUsage(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined;
  const details = objectOf(value["input_tokens_details"]);
  const input = countOf(value["input_tokens"]);
  const cachedRead = Math.min(input, countOf(details["cached_tokens"]));
  const cacheWrite = Math.min(input - cachedRead, countOf(details["cache_write_tokens"]));
  const output = countOf(value["output_tokens"]);
  const reasoning = Math.min(output, countOf(objectOf(value["output_tokens_details"])["reasoning_tokens"]));
  return { input: input - cachedRead - cacheWrite, cachedRead, cacheWrite, output: output - reasoning, reasoning };
}
