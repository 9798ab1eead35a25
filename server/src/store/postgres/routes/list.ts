import type { StoredRoute } from "../../routes.ts";
import { sql, type Statement } from "../sql.ts";

export function listRoutes(tenantId: string): Statement<StoredRoute> {
  return sql`
    select name, spec, created_at as "createdAt", updated_at as "updatedAt"
    from slipway.routes
    where tenant_id = ${tenantId}
    order by name
    limit 1000`;
}
