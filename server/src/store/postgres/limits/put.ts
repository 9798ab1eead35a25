import type { StoredLimit } from "../../limits.ts";
import { sql, type Statement } from "../sql.ts";

/** A row version without a deleting transaction (`xmax` 0) was inserted and not updated by this statement. */
export function putLimit(
  tenantId: string,
  name: string,
  spec: object,
): Statement<StoredLimit & { readonly created: boolean }> {
  return sql`
    insert into slipway.limits (tenant_id, name, spec)
    values (${tenantId}, ${name}, ${JSON.stringify(spec)}::jsonb)
    on conflict (tenant_id, name) do update set spec = excluded.spec, updated_at = now()
    returning name, spec, created_at as "createdAt", updated_at as "updatedAt", xmax::text = '0' as created`;
}
