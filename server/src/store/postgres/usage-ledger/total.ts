import { sql, type Statement } from "../sql.ts";

/** Sums as the statement answers them. */
export interface UsageTotalRow {
  readonly calls: number;
  readonly input: number;
  readonly cachedRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

export function totalUsage(tenantId: string, since: Date): Statement<UsageTotalRow> {
  return sql`
    select count(*)::float8 as calls,
      coalesce(sum(input_tokens), 0)::float8 as input,
      coalesce(sum(cached_read_tokens), 0)::float8 as "cachedRead",
      coalesce(sum(cache_write_tokens), 0)::float8 as "cacheWrite",
      coalesce(sum(output_tokens), 0)::float8 as output,
      coalesce(sum(reasoning_tokens), 0)::float8 as reasoning
    from slipway.usage_ledger
    where tenant_id = ${tenantId} and at >= ${since}`;
}
