import { sql, type Statement } from "../sql.ts";

/** Keeps the user from being given another key: waits for one that is being made, and has those that come after wait. */
export function lockUser(tenantId: string, userId: string): Statement<{ readonly id: string }> {
  return sql`select id from slipway.users where tenant_id = ${tenantId} and id = ${userId} for update`;
}

/** With the user go the user's keys: nobody's key would be in force without anybody to answer for it. */
export function removeUser(tenantId: string, userId: string): Statement<{ readonly id: string }> {
  return sql`
    with revoked as (
      update slipway.api_keys
      set revoked_at = now()
      where tenant_id = ${tenantId} and user_id = ${userId} and revoked_at is null
    )
    delete from slipway.users
    where tenant_id = ${tenantId} and id = ${userId}
    returning id`;
}
