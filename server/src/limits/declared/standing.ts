import type { Counter } from "./counter.ts";
import { drained, drainMs } from "./counter.ts";

/** How a limit stands after a request was let in or refused: what headers tell. */
export interface Standing {
  readonly limit: string;
  readonly requests: Bucket | undefined;
  readonly tokens: Bucket | undefined;
}

/** A bucket of a minute. */
export interface Bucket {
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds until all of it is there again. */
  readonly resetMs: number;
}

/** A level is this process's part of what is used; what is told is of the whole, as if all parts were used alike. */
function bucket(limit: number, level: number, share: number): Bucket | undefined {
  if (limit === 0) return undefined;
  const used = level / share;
  return { limit, remaining: Math.max(0, Math.floor(limit - used)), resetMs: drainMs(used, limit) };
}

/** The standing of one counter by what this process knows of it; `share` is its part of the limit. */
export function standingOf(counter: Counter, clock: number, share: number): Standing {
  const { rule } = counter;
  const { requestsPerMinute, tokensPerMinute } = rule;
  const requests = drained(counter.requests, requestsPerMinute * share, clock - counter.requestsAt);
  const tokens = drained(counter.tokens, tokensPerMinute * share, clock - counter.tokensAt);
  return {
    limit: rule.name,
    requests: bucket(requestsPerMinute, requests, share),
    tokens: bucket(tokensPerMinute, tokens, share),
  };
}
