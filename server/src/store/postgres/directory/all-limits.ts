import type { DirectoryLimit } from "../../directory.ts";
import { sql, type Statement } from "../sql.ts";

export function allLimits(): Statement<DirectoryLimit> {
  return sql`
    select tenant_id as "tenantId", spec
    from slipway.limits
    order by tenant_id, name`;
}
