import type { RetirableLog } from "../../audit-chain.ts";
import { sql, type Statement } from "../sql.ts";

/** Checkpoints of one log that are looked at: some eight hours of them. What is left is for the next look, when these are gone. */
const MOST_CHECKPOINTS = 500;

/**
 * Checkpoints are never removed, so that there are ever more of them: of each log those alone are read with which it begins, one after the
 * other, up to the first that is too young; and of tenants as many as are asked for.
 */
export function retirableLogs(
  after: string,
  limit: number,
  { before, below }: { readonly before: Date; readonly below: number | null },
): Statement<RetirableLog> {
  return sql`
    with recursive tenant as (
      (select tenant_id, 1 as n from slipway.audit_chain where tenant_id > ${after} order by tenant_id limit 1)
      union all
      select (select c.tenant_id from slipway.audit_chain c where c.tenant_id > tenant.tenant_id order by c.tenant_id limit 1), n + 1
      from tenant where tenant.tenant_id is not null and n < ${limit}
    )
    select tenant.tenant_id as "tenantId", old.size::float8 as size, old.looked = ${MOST_CHECKPOINTS} as more
    from tenant
    cross join lateral (
      with recursive walked as (
        (
          select k.size, k.at, k.position, 1 as n
          from slipway.audit_checkpoints k
          where k.tenant_id = tenant.tenant_id
            and k.size >= (
              select c.seq from slipway.audit_chain c where c.tenant_id = tenant.tenant_id order by c.seq limit 1
            )
          order by k.size
          limit 1
        )
        union all
        select following.size, following.at, following.position, walked.n + 1
        from walked
        cross join lateral (
          select k.size, k.at, k.position
          from slipway.audit_checkpoints k
          where k.tenant_id = tenant.tenant_id and k.size > walked.size
          order by k.size
          limit 1
        ) as following
        where walked.n < ${MOST_CHECKPOINTS} and walked.at < ${before}
      )
      select max(size) as size, count(*) as looked from walked
      where at < ${before} and (${below}::bigint is null or position <= ${below}::bigint)
    ) as old
    where tenant.tenant_id is not null
    order by tenant.tenant_id`;
}

/**
 * Record and place go together, oldest first. What the database's own rule still keeps is not there for this statement. Places are bounded by
 * value and records named one by one: left to choose, the planner reads all of a log for each of its pages, or once for each record of a page.
 */
export function retireRecords(tenantId: string, size: number, limit: number): Statement<{ readonly removed: number }> {
  return sql`
    with first as materialized (
      select seq from slipway.audit_chain where tenant_id = ${tenantId} order by seq limit 1
    ), gone as (
      delete from slipway.audit_chain
      where tenant_id = ${tenantId} and seq >= (select seq from first)
        and seq <= (select least(seq + ${limit}::bigint - 1, ${size}::bigint) from first)
      returning id
    ), removed as (
      delete from slipway.audit_records
      where tenant_id = ${tenantId} and id = any (array(select id from gone))
      returning 1
    )
    select count(*)::int as removed from gone, (select count(*) from removed) as counted`;
}

export function firstSeq(tenantId: string): Statement<{ readonly seq: number | null }> {
  return sql`
    select (
      select c.seq from slipway.audit_chain c where c.tenant_id = ${tenantId} order by c.seq limit 1
    )::float8 as seq`;
}
