import type { Usage } from "@slipway/contracts/model/usage.ts";
import { isObject } from "#lib/shape.ts";
import { countOf, objectOf } from "../wire/json.ts";

/**
 * Anthropic's counts: `input_tokens` excludes both cache classes, `output_tokens` includes thinking, which
 * `output_tokens_details` tells apart (the `Usage` type of `@anthropic-ai/sdk`). In a stream the counts of `message_delta` are
 * cumulative and stand over those of `message_start`, as far as they are there.
 */
export class UsageCount {
  #seen = false;
  #input = 0;
  #cachedRead = 0;
  #cacheWrite = 0;
  #output = 0;
  #thinking = 0;

  add(value: unknown): void {
    if (!isObject(value)) return;
    this.#seen = true;
    this.#input = countOf(value["input_tokens"] ?? this.#input);
    this.#cachedRead = countOf(value["cache_read_input_tokens"] ?? this.#cachedRead);
    this.#cacheWrite = countOf(value["cache_creation_input_tokens"] ?? this.#cacheWrite);
    this.#output = countOf(value["output_tokens"] ?? this.#output);
    this.#thinking = countOf(objectOf(value["output_tokens_details"])["thinking_tokens"] ?? this.#thinking);
  }

  /** Undefined when the answer gave no counts. */
  total(): Usage | undefined {
    if (!this.#seen) return undefined;
    const reasoning = Math.min(this.#output, this.#thinking);
    return {
      input: this.#input,
      cachedRead: this.#cachedRead,
      cacheWrite: this.#cacheWrite,
      output: this.#output - reasoning,
      reasoning,
    };
  }
}
