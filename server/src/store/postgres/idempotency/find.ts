import { sql, type Statement } from "../sql.ts";

/** A record as the statement answers it. */
export interface IdempotencyRow {
  readonly status: "running" | "done";
  readonly fingerprint: Uint8Array;
  readonly answer: Uint8Array | null;
}

export function findRecord(tenantId: string, keyHash: Uint8Array): Statement<IdempotencyRow> {
  return sql`
    select status, fingerprint, answer
    from slipway.idempotency_records
    where tenant_id = ${tenantId} and key_hash = ${keyHash} and expires_at > now()`;
}
