import { sql, type Statement } from "../sql.ts";

/** One row when the tenant has the key. A key that is revoked already is left alone, so that its change is not counted again. */
export function revokeApiKey(tenantId: string, keyId: string): Statement<{ readonly id: string }> {
  return sql`
    with revoked as (
      update slipway.api_keys
      set revoked_at = now()
      where tenant_id = ${tenantId} and id = ${keyId} and revoked_at is null
    )
    select id
    from slipway.api_keys
    where tenant_id = ${tenantId} and id = ${keyId}`;
}
