import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Principal } from "#identity/principal.ts";
import type { Lease, Limiter } from "#limits/limiter.ts";
import type { Metrics } from "#telemetry/metrics.ts";

/** Takes a place for the caller's request, or throws what refuses it. */
export type Admit = (principal: Principal) => Lease;

/** Admission: limits first, then room in the queues of records, because what cannot be booked must not be served. */
export function createAdmit(options: {
  readonly limiter: Limiter;
  readonly queues: readonly { readonly nearlyFull: boolean }[];
  readonly metrics: Metrics;
}): Admit {
  const { limiter, queues, metrics } = options;
  metrics.watchInFlight(() => limiter.inFlight);
  return (principal) => {
    try {
      if (queues.some((queue) => queue.nearlyFull)) {
        throw new SlipwayError(
          "overloaded",
          "Usage and audit records cannot be written fast enough; no more requests are taken.",
          {
            hint: "Try again in a few seconds; if it lasts, look at the database.",
            retryAfter: 5,
          },
        );
      }
      return limiter.admit(principal);
    } catch (error) {
      if (error instanceof SlipwayError) metrics.refusals.inc({ code: error.code });
      throw error;
    }
  };
}
