import { sql, type Statement } from "../sql.ts";

export function retirableLogs(
  before: Date,
  below: number | null,
  limit: number,
): Statement<{ readonly tenantId: string; readonly size: number }> {
  return sql`
    select k.tenant_id as "tenantId", max(k.size)::float8 as size
    from slipway.audit_checkpoints k
    where k.at < ${before} and (${below}::bigint is null or k.position <= ${below}::bigint)
      and exists (select from slipway.audit_chain c where c.tenant_id = k.tenant_id and c.seq <= k.size)
    group by k.tenant_id
    limit ${limit}`;
}

/** Record and place go together, oldest first. What the database's own rule still keeps is not there for this statement. */
export function retireRecords(tenantId: string, size: number, limit: number): Statement<{ readonly removed: number }> {
  return sql`
    with gone as (
      delete from slipway.audit_chain
      where tenant_id = ${tenantId} and seq in (
        select seq from slipway.audit_chain where tenant_id = ${tenantId} and seq <= ${size} order by seq limit ${limit}
      )
      returning id
    ), removed as (
      delete from slipway.audit_records r using gone where r.tenant_id = ${tenantId} and r.id = gone.id returning 1
    )
    select count(*)::int as removed from gone, (select count(*) from removed) as counted`;
}

export function firstSeq(tenantId: string): Statement<{ readonly seq: number | null }> {
  return sql`select min(seq)::float8 as seq from slipway.audit_chain where tenant_id = ${tenantId}`;
}
