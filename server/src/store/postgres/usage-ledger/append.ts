import type { UsageEntry } from "../../usage-ledger.ts";
import { count, shortText } from "../values.ts";
import { sql, type Statement } from "../sql.ts";

/** Entries of one tenant. An id that is there already is left as it is. */
export function appendUsage(tenantId: string, entries: readonly UsageEntry[]): Statement<unknown> {
  const column = <Value>(of: (entry: UsageEntry) => Value): Value[] => entries.map(of);
  return sql`
    insert into slipway.usage_ledger (tenant_id, id, request_id, key_id, agent, provider, model, input_tokens,
      cached_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, source, outcome, at)
    select ${tenantId}, entry.*
    from unnest(
      ${column((entry) => shortText(entry.id, 128))}::text[],
      ${column((entry) => shortText(entry.requestId, 200))}::text[],
      ${column((entry) => shortText(entry.keyId, 200))}::text[],
      ${column((entry) => (entry.agent === null ? null : shortText(entry.agent, 200)))}::text[],
      ${column((entry) => shortText(entry.provider, 200))}::text[],
      ${column((entry) => shortText(entry.model, 200))}::text[],
      ${column((entry) => count(entry.usage.input))}::bigint[],
      ${column((entry) => count(entry.usage.cachedRead))}::bigint[],
      ${column((entry) => count(entry.usage.cacheWrite))}::bigint[],
      ${column((entry) => count(entry.usage.output))}::bigint[],
      ${column((entry) => count(entry.usage.reasoning))}::bigint[],
      ${column((entry) => entry.source)}::text[],
      ${column((entry) => entry.outcome)}::text[],
      ${column((entry) => entry.at)}::timestamptz[]
    ) as entry
    on conflict (tenant_id, id) do nothing`;
}
