import type { UsageEntry } from "../../usage-ledger.ts";
import { count, shortText } from "../values.ts";
import { sql, type Statement } from "../sql.ts";

/** Entries of one tenant, as one JSON text. An id that is there already is left as it is. */
export function appendUsage(tenantId: string, entries: readonly UsageEntry[]): Statement<unknown> {
  const rows = entries.map((entry) => [
    shortText(entry.id, 128),
    shortText(entry.requestId, 200),
    shortText(entry.keyId, 200),
    entry.agent === null ? null : shortText(entry.agent, 200),
    shortText(entry.provider, 200),
    shortText(entry.model, 200),
    count(entry.usage.input),
    count(entry.usage.cachedRead),
    count(entry.usage.cacheWrite),
    count(entry.usage.output),
    count(entry.usage.reasoning),
    entry.source,
    entry.outcome,
    entry.at.getTime(),
    Math.min(count(entry.usage.cacheWrite1h ?? 0), count(entry.usage.cacheWrite)),
    entry.cost === null ? null : count(entry.cost),
    shortText(entry.priceVersion, 200),
    entry.routesVersion == null ? null : shortText(entry.routesVersion, 100),
    entry.route == null ? null : shortText(entry.route, 200),
    entry.userId == null ? null : shortText(entry.userId, 200),
  ]);
  return sql`
    insert into slipway.usage_ledger (tenant_id, id, request_id, key_id, agent, provider, model, input_tokens,
      cached_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, source, outcome, at,
      cache_write_1h_tokens, cost_pico, price_version, routes_version, route, user_id)
    select ${tenantId}, r->>0, r->>1, r->>2, r->>3, r->>4, r->>5, (r->>6)::bigint, (r->>7)::bigint, (r->>8)::bigint,
      (r->>9)::bigint, (r->>10)::bigint, r->>11, r->>12, to_timestamp((r->>13)::float8 / 1000),
      (r->>14)::bigint, (r->>15)::bigint, r->>16, r->>17, r->>18, r->>19
    from json_array_elements(${JSON.stringify(rows)}::json) as r
    on conflict (tenant_id, id) do nothing`;
}
