import type { DirectoryRoute } from "../../directory.ts";
import { sql, type Statement } from "../sql.ts";

export function allRoutes(): Statement<DirectoryRoute> {
  return sql`
    select tenant_id as "tenantId", spec
    from slipway.routes
    order by tenant_id, name`;
}
