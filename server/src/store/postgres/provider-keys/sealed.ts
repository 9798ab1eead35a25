import { sql, type Statement } from "../sql.ts";

export function sealedProviderKey(
  tenantId: string,
  provider: string,
  version: string,
): Statement<{ readonly sealed: Uint8Array }> {
  return sql`
    select sealed
    from slipway.provider_keys
    where tenant_id = ${tenantId} and provider = ${provider} and version = ${version}`;
}
