import type { DirectoryUser } from "../../directory.ts";
import { sql, type Statement } from "../sql.ts";

export function activeUsers(): Statement<DirectoryUser> {
  return sql`
    select tenant_id as "tenantId", id, email, name, role
    from slipway.users
    where disabled_at is null`;
}
