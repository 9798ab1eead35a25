import type { Holder } from "../../idempotency-records.ts";
import { sql, type Statement } from "../sql.ts";

export function releaseKey(tenantId: string, { keyHash, owner }: Holder): Statement<unknown> {
  return sql`
    delete from slipway.idempotency_records
    where tenant_id = ${tenantId} and key_hash = ${keyHash} and owner = ${owner}`;
}
