import { sql, type Statement } from "../sql.ts";

/** One row when there was such a live session. */
export function revokeSession(tenantId: string, id: string): Statement<{ readonly id: string }> {
  return sql`
    update slipway.sessions
    set revoked_at = now()
    where tenant_id = ${tenantId} and id = ${id} and revoked_at is null
    returning id`;
}

/** A row for each that was live. */
export function revokeSessionsOf(tenantId: string, owner: string): Statement<{ readonly id: string }> {
  return sql`
    update slipway.sessions
    set revoked_at = now()
    where tenant_id = ${tenantId} and owner = ${owner} and revoked_at is null and expires_at > now()
    returning id`;
}
