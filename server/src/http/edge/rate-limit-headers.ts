import type { Bucket, Standing } from "#limits/declared/standing.ts";
import { anthropicErrors } from "#router/dialects/anthropic-messages/errors.ts";
import { openaiErrors } from "#router/dialects/openai-errors.ts";
import { errorShapeOf } from "../error-shapes.ts";
import type { HttpReply } from "../message.ts";

/** A time as OpenAI's headers write it: `0s`, `120ms`, `6m0s`. */
function openaiTime(ms: number): string {
  if (ms > 0 && ms < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

/** `x-ratelimit-*` (https://platform.openai.com/docs/guides/rate-limits, "Rate limits in headers"). Whole names: none is put together for a request. */
const OPENAI = {
  requests: ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"],
  tokens: ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"],
} as const;

function setOpenai(res: HttpReply, kind: "requests" | "tokens", bucket: Bucket): void {
  const [limit, remaining, reset] = OPENAI[kind];
  res.setHeader(limit, bucket.limit);
  res.setHeader(remaining, bucket.remaining);
  res.setHeader(reset, openaiTime(bucket.resetMs));
}

/** `anthropic-ratelimit-*` (https://platform.claude.com/docs/en/api/rate-limits, "Response headers"); the reset is a time of RFC 3339. */
function setAnthropic(res: HttpReply, kind: "requests" | "tokens", bucket: Bucket): void {
  res.setHeader(`anthropic-ratelimit-${kind}-limit`, bucket.limit);
  res.setHeader(`anthropic-ratelimit-${kind}-remaining`, bucket.remaining);
  const reset = new Date(Date.now() + bucket.resetMs).toISOString();
  res.setHeader(`anthropic-ratelimit-${kind}-reset`, `${reset.slice(0, 19)}Z`);
}

/** What `RateLimit-Policy` says of a limit; it changes with the limit alone. */
interface Policy {
  readonly requests: number | undefined;
  readonly tokens: number | undefined;
  readonly text: string;
}

const policies = new Map<string, Policy>();
const MOST_POLICIES = 200;

function policyOf({ limit, requests, tokens }: Standing): string {
  const known = policies.get(limit);
  if (known !== undefined && known.requests === requests?.limit && known.tokens === tokens?.limit) return known.text;
  const parts: string[] = [];
  if (requests !== undefined) parts.push(`"${limit}";q=${requests.limit};w=60`);
  if (tokens !== undefined) parts.push(`"${limit}-tokens";q=${tokens.limit};qu="tokens";w=60`);
  const text = parts.join(", ");
  if (policies.size >= MOST_POLICIES) policies.clear();
  policies.set(limit, { requests: requests?.limit, tokens: tokens?.limit, text });
  return text;
}

/**
 * Tells how the limit stands that is nearest to its end: by `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10)
 * on every path, and by the vendor's own headers on the paths of its API. Google's API has none; its clients read `RetryInfo` of the error.
 */
export function setRateLimitHeaders(res: HttpReply, path: string, standing: Standing): void {
  const { limit, requests, tokens } = standing;
  if (requests === undefined && tokens === undefined) return;
  const shape = errorShapeOf(path);
  const setOwn = shape === openaiErrors ? setOpenai : shape === anthropicErrors ? setAnthropic : undefined;
  let state = "";
  if (requests !== undefined) {
    state = `"${limit}";r=${requests.remaining};t=${Math.ceil(requests.resetMs / 1000)}`;
    setOwn?.(res, "requests", requests);
  }
  if (tokens !== undefined) {
    const comma = state === "" ? "" : ", ";
    state += `${comma}"${limit}-tokens";r=${tokens.remaining};t=${Math.ceil(tokens.resetMs / 1000)}`;
    setOwn?.(res, "tokens", tokens);
  }
  res.setHeader("ratelimit", state);
  res.setHeader("ratelimit-policy", policyOf(standing));
}
