import type { StoredProviderKey } from "../../provider-keys.ts";
import { sql, type Statement } from "../sql.ts";

export function listProviderKeys(tenantId: string): Statement<StoredProviderKey> {
  return sql`
    select provider, last4, updated_at as "updatedAt"
    from slipway.provider_keys
    where tenant_id = ${tenantId}
    order by provider`;
}
