import { sql, type Statement } from "../sql.ts";

export function purgeRecords(tenantId: string): Statement<{ readonly removed: number }> {
  return sql`
    with removed as (
      delete from slipway.idempotency_records
      where tenant_id = ${tenantId} and key_hash in (
        select key_hash from slipway.idempotency_records
        where tenant_id = ${tenantId} and expires_at <= now()
        limit 1000
      )
      returning 1
    )
    select count(*)::int as removed from removed`;
}
