import { sql, type Statement } from "../sql.ts";

export function ensureTenant(tenantId: string, name: string): Statement<unknown> {
  return sql`
    insert into slipway.tenants (tenant_id, name)
    values (${tenantId}, ${name})
    on conflict (tenant_id) do nothing`;
}
