import type { StoredApiKey } from "../../api-keys.ts";
import { sql, type Statement } from "../sql.ts";

export function listApiKeys(tenantId: string): Statement<StoredApiKey> {
  return sql`
    select id, name, prefix, hash, role, scopes, expires_at as "expiresAt", user_id as "userId",
      last_used_at as "lastUsedAt", rotated_at as "rotatedAt",
      case when previous_expires_at > now() then previous_expires_at end as "previousExpiresAt",
      created_at as "createdAt", revoked_at as "revokedAt"
    from slipway.api_keys
    where tenant_id = ${tenantId}
    order by created_at desc, id desc
    limit 1000`;
}
