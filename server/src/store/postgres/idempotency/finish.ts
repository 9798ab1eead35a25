import type { Holder } from "../../idempotency-records.ts";
import { sql, type Statement } from "../sql.ts";

/** Finishing twice, as after a lost answer of the database, is finishing once. */
export function finishRecord(
  tenantId: string,
  { keyHash, owner }: Holder,
  answer: Uint8Array | null,
): Statement<{ readonly owner: string }> {
  return sql`
    update slipway.idempotency_records
    set status = 'done', answer = ${answer}
    where tenant_id = ${tenantId} and key_hash = ${keyHash} and owner = ${owner}
    returning owner`;
}
