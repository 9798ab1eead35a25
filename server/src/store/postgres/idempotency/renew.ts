import type { Holder } from "../../idempotency-records.ts";
import { sql, type Statement } from "../sql.ts";

export function renewKey(
  tenantId: string,
  { keyHash, owner }: Holder,
  leaseMs: number,
): Statement<{ readonly owner: string }> {
  return sql`
    update slipway.idempotency_records
    set leased_until = now() + ${leaseMs} * interval '1 millisecond'
    where tenant_id = ${tenantId} and key_hash = ${keyHash} and owner = ${owner} and status = 'running'
    returning owner`;
}
