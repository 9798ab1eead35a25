import { SlipwayError } from "@slipway/contracts/errors.ts";

/** The server runs as many requests as it may. */
export function serverFull(concurrency: number): SlipwayError {
  return new SlipwayError("concurrency_exceeded", `The server already runs ${concurrency} requests.`, {
    hint: "Try again in a moment.",
    retryAfter: 1,
  });
}

/** The key runs as many requests as it may. */
export function keyFull(concurrencyPerKey: number): SlipwayError {
  return new SlipwayError("concurrency_exceeded", `This key already runs ${concurrencyPerKey} requests.`, {
    hint: "Wait for one to end.",
    retryAfter: 1,
  });
}

/** The key has started as many requests as it may; the next may start in `waitMs`. */
export function tooOften(requestsPerMinute: number, waitMs: number): SlipwayError {
  return new SlipwayError("rate_limited", `This key may start ${requestsPerMinute} requests a minute.`, {
    hint: "Slow down, or ask for a higher limit.",
    retryAfter: Math.max(1, Math.ceil(waitMs / 1000)),
  });
}
