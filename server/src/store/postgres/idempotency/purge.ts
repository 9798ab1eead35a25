import { sql, type Statement } from "../sql.ts";

/** Those that go are named one by one: as a query, a planner that knows nothing of the tenant asks it anew for each record there is. */
export function purgeRecords(tenantId: string): Statement<{ readonly removed: number }> {
  return sql`
    with removed as (
      delete from slipway.idempotency_records
      where tenant_id = ${tenantId} and key_hash = any (array(
        select key_hash from slipway.idempotency_records
        where tenant_id = ${tenantId} and expires_at <= now()
        order by expires_at
        limit 1000
      ))
      returning 1
    )
    select count(*)::int as removed from removed`;
}
