import type { Usage } from "@slipway/contracts/model/usage.ts";
import { isObject } from "#lib/shape.ts";
import { countOf, objectOf } from "../wire/json.ts";

/**
 * Anthropic's counts: `input_tokens` excludes both cache classes, `output_tokens` includes thinking, which
 * `output_tokens_details` tells apart, `cache_creation` divides the cache writes by how long they stay (the
 * `Usage` type of `@anthropic-ai/sdk`). In a stream the counts of `message_delta` are
 * cumulative and stand over those of `message_start`, as far as they are there.
 */
export class UsageCount {
  #seen = false;
  #input = 0;
  #cachedRead = 0;
  #cacheWrite = 0;
  #output = 0;
  #thinking = 0;
  #cacheWrite1h = 0;

  add(value: unknown): void {
    if (!isObject(value)) return;
    this.#seen = true;
    this.#input = countOf(value["input_tokens"] ?? this.#input);
    this.#cachedRead = countOf(value["cache_read_input_tokens"] ?? this.#cachedRead);
    this.#cacheWrite = countOf(value["cache_creation_input_tokens"] ?? this.#cacheWrite);
    const byLife = objectOf(value["cache_creation"]);
    this.#cacheWrite1h = countOf(byLife["ephemeral_1h_input_tokens"] ?? this.#cacheWrite1h);
    this.#output = countOf(value["output_tokens"] ?? this.#output);
    this.#thinking = countOf(objectOf(value["output_tokens_details"])["thinking_tokens"] ?? this.#thinking);
  }

  /** Undefined when the answer gave no counts. */
  total(): Usage | undefined {
    if (!this.#seen) return undefined;
    const reasoning = Math.min(this.#output, this.#thinking);
    const long = Math.min(this.#cacheWrite, this.#cacheWrite1h);
    return {
      input: this.#input,
      cachedRead: this.#cachedRead,
      cacheWrite: this.#cacheWrite,
      ...(long > 0 ? { cacheWrite1h: long } : {}),
      output: this.#output - reasoning,
      reasoning,
    };
  }
}
