import type { StoredApiKey } from "../../api-keys.ts";
import { sql, type Statement } from "../sql.ts";

export function createApiKey(
  tenantId: string,
  key: { readonly id: string; readonly name: string; readonly prefix: string; readonly hash: Uint8Array },
): Statement<StoredApiKey> {
  return sql`
    insert into slipway.api_keys (tenant_id, id, name, prefix, hash)
    values (${tenantId}, ${key.id}, ${key.name}, ${key.prefix}, ${key.hash})
    returning id, name, prefix, hash, created_at as "createdAt", revoked_at as "revokedAt"`;
}
