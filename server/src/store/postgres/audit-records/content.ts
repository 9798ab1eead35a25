import { sql, type Statement } from "../sql.ts";

export function auditContent(tenantId: string, id: string): Statement<{ readonly content: Uint8Array | null }> {
  return sql`
    select content from slipway.audit_records
    where tenant_id = ${tenantId} and id = ${id}`;
}
