import type { SpentDimension, SpentQuery } from "../../usage-ledger.ts";
import { sql, type Statement } from "../sql.ts";

/** Sums as the statement answers them: whole nano-dollars, rounded up as a whole. */
export interface SpentRow {
  readonly nano: number;
  readonly unknown: number;
}

// Lines without a model call, such as answers from the cache, cost 0 and change nothing.
export function spentSince(tenantId: string, query: SpentQuery): Statement<SpentRow> {
  const { from, to, keyId = null, userId = null, agent = null, route = null } = query;
  return sql`
    select coalesce(ceil(sum(cost_pico) / 1000), 0)::float8 as nano,
      count(*) filter (where cost_pico is null)::float8 as "unknown"
    from slipway.usage_ledger
    where tenant_id = ${tenantId} and at >= ${from} and at < ${to}
      and (${keyId}::text is null or key_id = ${keyId})
      and (${userId}::text is null or user_id = ${userId})
      and (${agent}::text is null or agent = ${agent})
      and (${route}::text is null or route = ${route})`;
}

/** The same of one subject of many. */
export interface SpentOfRow extends SpentRow {
  readonly subject: string;
}

// What the tenant has in this time is read once, however many are asked for: no index leads to the lines of a key.
export function spentByEach(
  tenantId: string,
  query: SpentQuery,
  dimension: SpentDimension,
  subjects: readonly string[],
): Statement<SpentOfRow> {
  const { from, to, keyId = null, userId = null, agent = null, route = null } = query;
  return sql`
    select subject,
      coalesce(ceil(sum(cost_pico) / 1000), 0)::float8 as nano,
      count(*) filter (where cost_pico is null)::float8 as "unknown"
    from (
      select cost_pico, case ${dimension}::text
        when 'keyId' then key_id when 'userId' then user_id when 'agent' then agent when 'route' then route end as subject
      from slipway.usage_ledger
      where tenant_id = ${tenantId} and at >= ${from} and at < ${to}
        and (${keyId}::text is null or key_id = ${keyId})
        and (${userId}::text is null or user_id = ${userId})
        and (${agent}::text is null or agent = ${agent})
        and (${route}::text is null or route = ${route})
    ) as line
    where subject = any(${subjects}::text[])
    group by subject`;
}
