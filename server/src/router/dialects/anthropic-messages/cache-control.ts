import type { CacheMarker } from "@slipway/contracts/model/request.ts";
import { asObject, type JsonObject, optional } from "#lib/shape.ts";

/** A block's `cache_control`; whatever it says besides its ttl is kept for Anthropic. */
export function decodeCache(block: JsonObject, path: string): { readonly cache?: CacheMarker } {
  const control = optional(block["cache_control"], `${path}.cache_control`, asObject);
  if (control === undefined) return {};
  const { type: _, ttl, ...rest } = control;
  const known = ttl === "5m" || ttl === "1h";
  const fields = known || ttl === undefined || ttl === null ? rest : { ...rest, ttl };
  return {
    cache: {
      ...(known ? { ttl } : {}),
      ...(Object.keys(fields).length === 0 ? {} : { extra: { family: "anthropic", fields } }),
    },
  };
}
