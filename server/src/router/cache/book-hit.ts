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

/** The ledger's line of an answer that came from the cache: no provider was asked, so nothing was used and nothing is owed. */
export function bookHit(books: Books, target: CachedTarget, origin: CallOrigin, outcome: "ok" | "aborted"): void {
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
  });
}
