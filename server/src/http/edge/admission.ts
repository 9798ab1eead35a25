import { SlipwayError } from "@slipway/contracts/errors.ts";
import { NO_USAGE } from "@slipway/contracts/model/usage.ts";
import type { Principal } from "#identity/principal.ts";
import type { Lease, Limiter } from "#limits/limiter.ts";
import type { Metrics } from "#telemetry/metrics.ts";

/** Takes a place for the caller's request, or throws (or rejects with) what refuses it. A promise only where workers share limits. */
export type Admit = (principal: Principal) => Lease | Promise<Lease>;

function anyFull(queues: readonly { readonly nearlyFull: boolean }[]): boolean {
  for (const queue of queues) if (queue.nearlyFull) return true;
  return false;
}

/** Throws what refuses work that could not be recorded now. */
function refuseUnaudited(queues: readonly { readonly refusal?: SlipwayError | undefined }[]): void {
  for (const queue of queues) {
    const { refusal } = queue;
    if (refusal) throw refusal;
  }
}

/** Admission: limits first, then room in the queues of records, because what cannot be booked must not be served. */
export function createAdmit(options: {
  readonly limiter: Limiter;
  readonly queues: readonly { readonly nearlyFull: boolean; readonly refusal?: SlipwayError | undefined }[];
  readonly metrics: Metrics;
}): Admit {
  const { limiter, queues, metrics } = options;
  metrics.watchInFlight(() => limiter.inFlight);
  const refused = (error: unknown): never => {
    if (error instanceof SlipwayError) metrics.refusals.inc({ code: error.code });
    throw error;
  };
  return (principal) => {
    try {
      refuseUnaudited(queues);
      if (anyFull(queues)) {
        throw new SlipwayError(
          "overloaded",
          "Usage and audit records cannot be written fast enough; no more requests are taken.",
          {
            hint: "Try again in a few seconds; if it lasts, look at the database.",
            retryAfter: 5,
          },
        );
      }
      const lease = limiter.admit(principal);
      return lease instanceof Promise ? lease.catch(refused) : lease;
    } catch (error) {
      return refused(error);
    }
  };
}

/** A place that had to be waited for; it goes back at once when the client has left meanwhile, because nobody would be told again. */
export async function stillThere(res: { readonly destroyed: boolean }, asked: Lease | Promise<Lease>): Promise<Lease> {
  const lease = await asked;
  if (!res.destroyed) return lease;
  lease.settle(NO_USAGE);
  throw new SlipwayError("client_closed_request", "The client left before its request was admitted.");
}
