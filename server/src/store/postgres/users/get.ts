import type { StoredUser } from "../../users.ts";
import { sql, type Statement } from "../sql.ts";

export function getUser(tenantId: string, userId: string): Statement<StoredUser> {
  return sql`
    select id, email, name, role, created_at as "createdAt", updated_at as "updatedAt", disabled_at as "disabledAt"
    from slipway.users
    where tenant_id = ${tenantId} and id = ${userId}`;
}
