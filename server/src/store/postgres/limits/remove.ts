import { sql, type Statement } from "../sql.ts";

/** One row when there was such a limit. */
export function removeLimit(tenantId: string, name: string): Statement<{ readonly name: string }> {
  return sql`
    delete from slipway.limits
    where tenant_id = ${tenantId} and name = ${name}
    returning name`;
}
