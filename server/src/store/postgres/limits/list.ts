import type { StoredLimit } from "../../limits.ts";
import { sql, type Statement } from "../sql.ts";

export function listLimits(tenantId: string): Statement<StoredLimit> {
  return sql`
    select name, spec, created_at as "createdAt", updated_at as "updatedAt"
    from slipway.limits
    where tenant_id = ${tenantId}
    order by name
    limit 1000`;
}
