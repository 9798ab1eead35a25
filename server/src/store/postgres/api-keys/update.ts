import type { ApiKeyChange, StoredApiKey } from "../../api-keys.ts";
import { sql, type Statement } from "../sql.ts";

export function updateApiKey(tenantId: string, keyId: string, change: ApiKeyChange): Statement<StoredApiKey> {
  const { name = null, role = null, scopes, expiresAt } = change;
  return sql`
    update slipway.api_keys
    set name = coalesce(${name}, name),
      role = coalesce(${role}, role),
      scopes = case when ${scopes !== undefined} then ${scopes ?? null}::text[] else scopes end,
      expires_at = case when ${expiresAt !== undefined} then ${expiresAt ?? null}::timestamptz else expires_at end
    where tenant_id = ${tenantId} and id = ${keyId} and revoked_at is null
    returning id, name, prefix, hash, role, scopes, expires_at as "expiresAt", user_id as "userId",
      last_used_at as "lastUsedAt", rotated_at as "rotatedAt",
      case when previous_expires_at > now() then previous_expires_at end as "previousExpiresAt",
      created_at as "createdAt", revoked_at as "revokedAt"`;
}
