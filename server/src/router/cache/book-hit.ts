import { NO_USAGE } from "@slipway/contracts/model/usage.ts";
import { newId } from "#lib/ids.ts";
import type { Books, CallOrigin } from "../booking.ts";

/** Where a request would have gone. */
export interface CachedTarget {
  readonly provider: string;
  readonly model: string;
  /** Where a route may have sent it, when that is not one place. */
  readonly among?: readonly { readonly provider: string; readonly model: string }[];
}

/** A request that the cache may answer. */
export interface Hit {
  /** Where it goes when it is not in the cache. */
  readonly target: CachedTarget;
  readonly origin: CallOrigin;
  /** The version of the routes that the model's name was resolved by; null or absent: none is configured. */
  readonly routesVersion?: string | null;
}

/** The ledger's line of an answer that came from the cache: no provider was asked, so nothing was used and nothing is owed. */
export function bookHit(books: Books, { target, origin, routesVersion }: Hit, outcome: "ok" | "aborted"): void {
  books.ledger.take({
    id: newId("use"),
    tenantId: origin.tenantId,
    requestId: origin.requestId,
    keyId: origin.keyId,
    agent: origin.agent,
    provider: target.provider,
    model: target.model,
    usage: NO_USAGE,
    source: "cache",
    cost: 0,
    priceVersion: books.prices.version,
    outcome,
    at: new Date(),
    routesVersion: routesVersion ?? null,
    route: origin.route ?? null,
    userId: origin.userId ?? null,
  });
}
