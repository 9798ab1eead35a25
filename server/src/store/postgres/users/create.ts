import type { Role } from "@slipway/contracts/permissions.ts";
import type { StoredUser } from "../../users.ts";
import { sql, type Statement } from "../sql.ts";

export function createUser(
  tenantId: string,
  user: { readonly id: string; readonly email: string; readonly name: string; readonly role: Role },
): Statement<StoredUser> {
  return sql`
    insert into slipway.users (tenant_id, id, email, name, role)
    values (${tenantId}, ${user.id}, ${user.email}, ${user.name}, ${user.role})
    returning id, email, name, role, created_at as "createdAt", updated_at as "updatedAt", disabled_at as "disabledAt"`;
}
