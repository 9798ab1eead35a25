import type { NewSecret, StoredApiKey } from "../../api-keys.ts";
import { sql, type Statement } from "../sql.ts";

export function rotateApiKey(tenantId: string, keyId: string, secret: NewSecret): Statement<StoredApiKey> {
  const { prefix, hash, overlapSeconds } = secret;
  return sql`
    update slipway.api_keys
    set prefix = ${prefix}, hash = ${hash}, rotated_at = now(),
      previous_hash = case when ${overlapSeconds}::integer > 0 then hash end,
      previous_expires_at = case when ${overlapSeconds}::integer > 0 then now() + make_interval(secs => ${overlapSeconds}::integer) end
    where tenant_id = ${tenantId} and id = ${keyId} and revoked_at is null
    returning id, name, prefix, hash, role, scopes, expires_at as "expiresAt", user_id as "userId",
      last_used_at as "lastUsedAt", rotated_at as "rotatedAt",
      case when previous_expires_at > now() then previous_expires_at end as "previousExpiresAt",
      created_at as "createdAt", revoked_at as "revokedAt"`;
}
