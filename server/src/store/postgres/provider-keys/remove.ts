import { sql, type Statement } from "../sql.ts";

/** One row when there was such a key. */
export function removeProviderKey(tenantId: string, provider: string): Statement<{ readonly provider: string }> {
  return sql`
    delete from slipway.provider_keys
    where tenant_id = ${tenantId} and provider = ${provider}
    returning provider`;
}
