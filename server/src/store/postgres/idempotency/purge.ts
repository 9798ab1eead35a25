import { sql, type Statement } from "../sql.ts";

/**
 * Those that go are named by their places: by their keys, a planner that knows nothing of the tenant looks for them among all that it has.
 * By that collation the index of what expires asks for the tenant (migration 0031). That a record has expired is asked once more when it is
 * locked: whoever took its key meanwhile keeps it.
 */
export function purgeRecords(tenantId: string): Statement<{ readonly removed: number }> {
  return sql`
    with removed as (
      delete from slipway.idempotency_records as record
      using (
        select ctid
        from slipway.idempotency_records
        where tenant_id collate "POSIX" = ${tenantId} and expires_at <= now()
        order by expires_at
        limit 1000
      ) as expired
      where record.tenant_id = ${tenantId} and record.ctid = expired.ctid and record.expires_at <= now()
      returning 1
    )
    select count(*)::int as removed from removed`;
}
