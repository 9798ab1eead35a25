import type { EmbeddingRequest, EmbeddingVector } from "@slipway/contracts/model/embedding.ts";
import type { Charge, Demand } from "#limits/declared/reservation.ts";
import { sameModel } from "../../attempts/asked-call.ts";
import type { CallOrigin } from "../../booking.ts";
import { embeddingDemand } from "../../demand.ts";
import type { PriceTable } from "../../price/price-table.ts";
import type { Router } from "../../router.ts";

/** The embedding model as one tenant calls it. */
export interface Embedder {
  /** Whose vectors they are: those of two models do not mix. */
  readonly model: string;
  /** What the vector of this text takes at most. */
  demand(text: string): Demand;
  /** One metered call. Rejects when `signal` is aborted, or with what the provider says. */
  embed(text: string, origin: CallOrigin, signal: AbortSignal): Promise<EmbeddingVector | undefined>;
}

/** Finds the embedding model for a tenant. Throws `model_not_found` or `provider_not_configured`. */
export type OpenEmbedder = (tenantId: string) => Embedder;

/** What was reserved for the vector is one call's, so it is not asked for twice where money is counted. */
function once(charge: Charge | undefined): Charge | undefined {
  if (!charge) return undefined;
  return {
    begin: () => charge.begin(),
    booked: (cost, usage, at) => charge.booked(cost, usage, at),
    further: () => false,
  };
}

/** The embedding model of this name, called by way of the router: routes, tenants' own keys, prices and the ledger hold for it too. */
export function embedderOf(router: Pick<Router, "resolve" | "embed">, prices: PriceTable, name: string): OpenEmbedder {
  const requestOf = (text: string): EmbeddingRequest => ({
    model: name,
    input: [{ kind: "text", text }],
    encoding: "float",
  });
  return (tenantId) => {
    const route = router.resolve(name, tenantId);
    const same = sameModel(route);
    return {
      model: (same.only ?? same.pools[0]?.targets[0])?.model ?? name,
      demand: (text) => embeddingDemand(requestOf(text), route, prices),
      async embed(text, origin, signal) {
        const called: CallOrigin = { ...origin, route: route.name, charge: once(origin.charge) };
        const { answer } = await router.embed(route, requestOf(text), called, signal);
        return answer.vectors[0];
      },
    };
  };
}
