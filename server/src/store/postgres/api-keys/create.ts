import type { NewApiKey, StoredApiKey } from "../../api-keys.ts";
import { sql, type Statement } from "../sql.ts";

export function createApiKey(tenantId: string, key: NewApiKey): Statement<StoredApiKey> {
  const { id, name, prefix, hash, role = "developer", scopes = null, expiresAt = null, userId = null } = key;
  return sql`
    insert into slipway.api_keys (tenant_id, id, name, prefix, hash, role, scopes, expires_at, user_id)
    values (${tenantId}, ${id}, ${name}, ${prefix}, ${hash}, ${role}, ${scopes}, ${expiresAt}, ${userId})
    returning id, name, prefix, hash, role, scopes, expires_at as "expiresAt", user_id as "userId",
      last_used_at as "lastUsedAt", rotated_at as "rotatedAt",
      case when previous_expires_at > now() then previous_expires_at end as "previousExpiresAt",
      created_at as "createdAt", revoked_at as "revokedAt"`;
}
