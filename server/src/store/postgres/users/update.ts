import type { StoredUser, UserChange } from "../../users.ts";
import { sql, type Statement } from "../sql.ts";

/** Disabling twice keeps the first time. */
export function updateUser(tenantId: string, userId: string, change: UserChange): Statement<StoredUser> {
  const { name = null, role = null, disabled = null } = change;
  return sql`
    update slipway.users
    set name = coalesce(${name}, name), role = coalesce(${role}, role), updated_at = now(),
      disabled_at = case ${disabled}::boolean when true then coalesce(disabled_at, now()) when false then null else disabled_at end
    where tenant_id = ${tenantId} and id = ${userId}
    returning id, email, name, role, created_at as "createdAt", updated_at as "updatedAt", disabled_at as "disabledAt"`;
}
