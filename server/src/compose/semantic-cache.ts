import { SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import type { Config } from "#config/config.ts";
import { embedderOf } from "#router/cache/semantic/embedder.ts";
import { SemanticCache } from "#router/cache/semantic/semantic-cache.ts";
import type { PriceTable } from "#router/price/price-table.ts";
import type { Router } from "#router/router.ts";
import type { Logger } from "#telemetry/logger.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import { DEFAULT_TENANT } from "./identity.ts";

/** The semantic cache where an embedding model is set for it. Throws `config_invalid` when nobody serves that model. */
export function composeSemanticCache(
  config: Config,
  rooms: {
    readonly router: Router;
    readonly prices: PriceTable;
    readonly pepper: Uint8Array;
    readonly metrics: Metrics;
    readonly log: Logger;
  },
): SemanticCache | undefined {
  const { semanticCache } = config;
  if (!semanticCache) return undefined;
  const { router, prices, ...rest } = rooms;
  const { model, ...settings } = semanticCache;
  try {
    const { pools } = router.resolve(model, DEFAULT_TENANT);
    if (!pools.some(({ targets }) => targets.some(({ provider }) => provider.embed !== undefined)))
      throw new SlipwayError("model_not_found", "Its provider has no embedding models.");
  } catch (error) {
    throw new SlipwayError("config_invalid", `SEMANTIC_CACHE_MODEL: ${toSlipwayError(error).message}`, {
      hint: "Name an embedding model as a client would: openai/text-embedding-3-small, or a route that leads to one.",
    });
  }
  return new SemanticCache({ ...rest, ...settings, open: embedderOf(router, prices, model) });
}
