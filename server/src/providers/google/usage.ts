import type { Usage } from "@slipway/contracts/model/usage.ts";
import type { JsonObject } from "#lib/shape.ts";
import { countOf } from "../wire/json.ts";

/**
 * Gemini's `usageMetadata` in disjoint classes. `promptTokenCount` includes the cached tokens, the results of Google's own tools
 * are counted beside it, and `candidatesTokenCount` excludes thoughts (`GenerateContentResponseUsageMetadata` of `@google/genai`).
 */
export function decodeUsage(usage: JsonObject): Usage {
  const prompt = countOf(usage["promptTokenCount"]);
  const cachedRead = Math.min(prompt, countOf(usage["cachedContentTokenCount"]));
  return {
    input: prompt - cachedRead + countOf(usage["toolUsePromptTokenCount"]),
    cachedRead,
    cacheWrite: 0,
    output: countOf(usage["candidatesTokenCount"]),
    reasoning: countOf(usage["thoughtsTokenCount"]),
  };
}
