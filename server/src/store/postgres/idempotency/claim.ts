import type { Holder } from "../../idempotency-records.ts";
import { sql, type Statement } from "../sql.ts";

/** One row when the key is the holder's now. Of two who claim at once, the second waits for the first and then finds its record. */
export function claimKey(
  tenantId: string,
  { keyHash, owner }: Holder,
  request: { readonly fingerprint: Uint8Array; readonly leaseMs: number; readonly ttlMs: number },
): Statement<{ readonly owner: string }> {
  return sql`
    insert into slipway.idempotency_records as record (tenant_id, key_hash, fingerprint, owner, leased_until, expires_at)
    values (${tenantId}, ${keyHash}, ${request.fingerprint}, ${owner}, now() + ${request.leaseMs} * interval '1 millisecond',
      now() + ${request.ttlMs} * interval '1 millisecond')
    on conflict (tenant_id, key_hash) do update
    set fingerprint = excluded.fingerprint, owner = excluded.owner, status = 'running', answer = null,
      leased_until = excluded.leased_until, expires_at = excluded.expires_at, created_at = now()
    where record.expires_at <= now()
      or (record.status = 'running' and record.leased_until <= now() and record.fingerprint = excluded.fingerprint)
    returning owner`;
}
