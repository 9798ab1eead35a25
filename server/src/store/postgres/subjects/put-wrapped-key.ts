import { sql, type Statement } from "../sql.ts";

/** Does nothing when the subject has a key, also one that another server is storing in this moment: it waits for that one. */
export function putWrappedKey(tenantId: string, subject: string, key: Uint8Array): Statement<unknown> {
  return sql`
    insert into slipway.subjects (tenant_id, subject, wrapped_key)
    values (${tenantId}, ${subject}, ${key})
    on conflict (tenant_id, subject) do nothing`;
}
