import type { NewProviderKey, StoredProviderKey } from "../../provider-keys.ts";
import { sql, type Statement } from "../sql.ts";

export function putProviderKey(tenantId: string, key: NewProviderKey): Statement<StoredProviderKey> {
  const { provider, version, sealed, last4 } = key;
  return sql`
    insert into slipway.provider_keys (tenant_id, provider, version, sealed, last4)
    values (${tenantId}, ${provider}, ${version}, ${sealed}, ${last4})
    on conflict (tenant_id, provider) do update
      set version = excluded.version, sealed = excluded.sealed, last4 = excluded.last4, updated_at = now()
    returning provider, last4, updated_at as "updatedAt"`;
}
