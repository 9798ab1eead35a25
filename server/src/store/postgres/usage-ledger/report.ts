import type { UsageDimension, UsageQuery, UsageReport, UsageSums } from "../../usage-ledger.ts";
import { sql, type Statement } from "../sql.ts";
import type { UsageTotalRow } from "./total.ts";

/** A group, or the total, as the statement answers it. */
export interface UsageReportRow extends Omit<UsageSums, "usage">, UsageTotalRow {
  readonly total: boolean;
  readonly day: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly keyId: string | null;
  readonly agent: string | null;
}

// One text whatever is asked for: a dimension that is not is null in every line, so it divides nothing. The empty grouping set is
// the total, which there is without a line too. Sums of bigint are numeric, which does not overflow.
export function reportUsage(tenantId: string, query: UsageQuery): Statement<UsageReportRow> {
  const by = (dimension: UsageDimension): boolean => query.by.includes(dimension);
  return sql`
    select grouping(day) = 1 as total, day, provider, model, "keyId", agent,
      count(*)::float8 as calls,
      count(*) filter (where outcome = 'error')::float8 as errors,
      count(*) filter (where outcome = 'aborted')::float8 as aborted,
      count(*) filter (where source = 'estimated')::float8 as estimated,
      count(*) filter (where cost_pico is null)::float8 as unpriced,
      coalesce(round(sum(cost_pico) / 1000000), 0)::float8 as "costMicros",
      coalesce(sum(input_tokens), 0)::float8 as input,
      coalesce(sum(cached_read_tokens), 0)::float8 as "cachedRead",
      coalesce(sum(cache_write_tokens), 0)::float8 as "cacheWrite",
      coalesce(sum(output_tokens), 0)::float8 as output,
      coalesce(sum(reasoning_tokens), 0)::float8 as reasoning
    from (
      select
        case when ${by("day")}::boolean then to_char(at at time zone 'UTC', 'YYYY-MM-DD') end as day,
        case when ${by("provider")}::boolean then provider end as provider,
        case when ${by("model")}::boolean then model end as model,
        case when ${by("key")}::boolean then key_id end as "keyId",
        case when ${by("agent")}::boolean then agent end as agent,
        outcome, source, cost_pico, input_tokens, cached_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens
      from slipway.usage_ledger
      where tenant_id = ${tenantId} and at >= ${query.from} and at < ${query.to}
    ) as line
    group by grouping sets ((), (day, provider, model, "keyId", agent))
    order by total desc, day desc, "costMicros" desc, calls desc, provider, model, "keyId", agent
    limit ${query.limit + 1}`;
}

function sumsOf(row: UsageReportRow): UsageSums {
  const { calls, errors, aborted, estimated, unpriced, costMicros } = row;
  const { input, cachedRead, cacheWrite, output, reasoning } = row;
  const usage = { input, cachedRead, cacheWrite, output, reasoning };
  return { calls, errors, aborted, estimated, unpriced, costMicros, usage };
}

/** The rows as total and groups. */
export function usageReport(rows: readonly UsageReportRow[], query: UsageQuery): UsageReport {
  const [total, ...groups] = rows;
  if (!total?.total) throw new Error("the sums of the ledger came without their total");
  return {
    total: sumsOf(total),
    groups: query.by.length === 0 ? [] : groups.map((row) => ({ ...namesOf(row), ...sumsOf(row) })),
  };
}

function namesOf({ day, provider, model, keyId, agent }: UsageReportRow) {
  return { day, provider, model, keyId, agent };
}
