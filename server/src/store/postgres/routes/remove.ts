import { sql, type Statement } from "../sql.ts";

/** One row when there was such a route. */
export function removeRoute(tenantId: string, name: string): Statement<{ readonly name: string }> {
  return sql`
    delete from slipway.routes
    where tenant_id = ${tenantId} and name = ${name}
    returning name`;
}
