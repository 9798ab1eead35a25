import type { DirectorySession } from "../../directory.ts";
import { sql, type Statement } from "../sql.ts";

/** In the order of their changes, by the column, of which there is an index. From the beginning, only those that live. */
export function sessionsSince(change: number, limit: number): Statement<DirectorySession> {
  return sql`
    select tenant_id as "tenantId", id, token_hash as "tokenHash", owner, caller, idle_until as "idleUntil",
      expires_at as "expiresAt", revoked_at is not null as revoked, change::float8 as change
    from slipway.sessions s
    where change > ${change} and (${change} > 0 or (revoked_at is null and idle_until > now() and expires_at > now()))
    order by s.change
    limit ${limit}`;
}
