import type { NewSession } from "../../sessions.ts";
import { sql, type Statement } from "../sql.ts";

/** Those that end are named one by one: as a query, a planner that knows nothing of the tenant asks it anew for each session there is. */
export function createSession(tenantId: string, session: NewSession, most: number): Statement<unknown> {
  return sql`
    with surplus as (
      update slipway.sessions
      set revoked_at = now()
      where tenant_id = ${tenantId} and id = any (array(
        select id
        from slipway.sessions
        where tenant_id = ${tenantId} and owner = ${session.owner} and revoked_at is null
          and idle_until > now() and expires_at > now()
        order by created_at desc
        offset ${most - 1}
      ))
    ), forgotten as (
      delete from slipway.sessions
      where tenant_id = ${tenantId} and id = any (array(
        select id
        from slipway.sessions
        where tenant_id = ${tenantId} and expires_at < now() - interval '1 day'
        limit 100
      ))
    )
    insert into slipway.sessions (tenant_id, id, token_hash, owner, caller, idle_until, expires_at)
    values (${tenantId}, ${session.id}, ${session.tokenHash}, ${session.owner}, ${JSON.stringify(session.caller)}::jsonb,
      ${session.idleUntil}, ${session.expiresAt})`;
}
