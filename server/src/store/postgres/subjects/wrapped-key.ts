import { sql, type Statement } from "../sql.ts";

export function wrappedKey(tenantId: string, subject: string): Statement<{ readonly wrappedKey: Uint8Array }> {
  return sql`
    select wrapped_key as "wrappedKey"
    from slipway.subjects
    where tenant_id = ${tenantId} and subject = ${subject}`;
}
