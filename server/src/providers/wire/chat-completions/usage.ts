import type { Usage } from "@slipway/contracts/model/usage.ts";
import type { JsonObject } from "#lib/shape.ts";
import { countOf, objectOf } from "../json.ts";

/**
 * Chat Completions' `usage` in disjoint classes. `prompt_tokens` includes the tokens read from and written to the cache, and
 * `completion_tokens` those of reasoning (the `CompletionUsage` type of the `openai` package, 7.55). Some upstreams count
 * reasoning beside the completion, which their total gives away; Google's of this format names it in its total alone
 * (https://discuss.ai.google.dev/t/127400). DeepSeek names cache hits in a field of its own.
 */
export function decodeUsage(usage: JsonObject): Usage {
  const promptDetails = objectOf(usage["prompt_tokens_details"]);
  const prompt = countOf(usage["prompt_tokens"]);
  const cachedRead = Math.min(
    prompt,
    countOf(promptDetails["cached_tokens"]) || countOf(usage["prompt_cache_hit_tokens"]),
  );
  const cacheWrite = Math.min(prompt - cachedRead, countOf(promptDetails["cache_write_tokens"]));
  const completion = countOf(usage["completion_tokens"]);
  const told = countOf(objectOf(usage["completion_tokens_details"])["reasoning_tokens"]);
  const beyond = Math.max(0, countOf(usage["total_tokens"]) - prompt - completion);
  const reasoning = told === 0 ? beyond : told;
  const beside = reasoning > completion || (reasoning > 0 && beyond === reasoning);
  return {
    input: prompt - cachedRead - cacheWrite,
    cachedRead,
    cacheWrite,
    output: beside ? completion : completion - reasoning,
    reasoning,
  };
}
