import { sql, type Statement } from "../sql.ts";

export function createTenant(tenantId: string, name: string): Statement<unknown> {
  return sql`
    insert into slipway.tenants (tenant_id, name)
    values (${tenantId}, ${name})`;
}
