import { createHash } from "node:crypto";
import type { CacheMarker, ReasoningSettings } from "@slipway/contracts/model/request.ts";

type Wire = Record<string, unknown>;

// OpenAI's bound for `safety_identifier` and `user`; it asks for a hash where an id says more than needed.
const MOST_ID_CHARACTERS = 64;

/** An end user's id within OpenAI's bound: a longer one, as agents send, goes as its SHA-256 in hex, which has this length. */
export function endUserId(id: string): string {
  return id.length > MOST_ID_CHARACTERS ? createHash("sha256").update(id).digest("hex") : id;
}

/**
 * OpenAI's effort for these settings. A budget of tokens stands for the effort that codecs of budgets make it from; a budget of
 * 0 is no field at all, because only some models can be told not to think, and the others refuse the word.
 */
export function effortOf(settings: ReasoningSettings | undefined): string | undefined {
  if (settings?.effort !== undefined) return settings.effort;
  const budget = settings?.budgetTokens;
  if (budget === undefined || budget === 0) return undefined;
  if (budget <= 4096) return "low";
  return budget <= 10_240 ? "medium" : "high";
}

/**
 * The part with OpenAI's own cache breakpoint, where the mark was written as one: only some models take it, so marks of another
 * vendor's are left to OpenAI's automatic cache.
 */
export function withBreakpoint(part: Wire, cache: CacheMarker | undefined): Wire {
  if (cache?.extra?.family === "openai") part["prompt_cache_breakpoint"] = cache.extra.fields;
  return part;
}

/** A text document has no place of its own in OpenAI's formats, so it is said what it is called and what it says. */
export function documentAsText(text: string, title: string | undefined): string {
  const head = title === undefined ? "<document>" : `<document title=${JSON.stringify(title)}>`;
  return `${head}\n${text}\n</document>`;
}

/** Fields that OpenAI's two formats have in common, in name and meaning. */
export const COMMON_FIELDS: ReadonlySet<string> = new Set([
  "metadata",
  "moderation",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "safety_identifier",
  "service_tier",
  "store",
  "user",
]);
