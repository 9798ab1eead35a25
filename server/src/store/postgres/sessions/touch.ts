import { sql, type Statement } from "../sql.ts";

export function touchSession(tenantId: string, id: string, idleUntil: Date): Statement<unknown> {
  return sql`
    update slipway.sessions
    set idle_until = ${idleUntil}
    where tenant_id = ${tenantId} and id = ${id} and revoked_at is null and idle_until < ${idleUntil}`;
}
