import type { DirectoryTenant } from "../../directory.ts";
import { sql, type Statement } from "../sql.ts";

export function tenantsAfter(after: string): Statement<DirectoryTenant> {
  return sql`
    select tenant_id as "tenantId", name, created_at as "createdAt"
    from slipway.tenants
    where tenant_id > ${after}
    order by tenant_id
    limit 1000`;
}
