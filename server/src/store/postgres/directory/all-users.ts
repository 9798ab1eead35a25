import type { DirectoryUser } from "../../directory.ts";
import { sql, type Statement } from "../sql.ts";

export function allUsers(): Statement<DirectoryUser> {
  return sql`
    select tenant_id as "tenantId", id, email, name, role, disabled_at is not null as disabled
    from slipway.users`;
}
