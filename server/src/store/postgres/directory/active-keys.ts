import type { DirectoryKey } from "../../directory.ts";
import { sql, type Statement } from "../sql.ts";

export function activeKeys(): Statement<DirectoryKey> {
  return sql`
    select tenant_id as "tenantId", id as "keyId", name, hash, role, scopes, expires_at as "expiresAt", user_id as "userId",
      previous_hash as "previousHash", previous_expires_at as "previousExpiresAt"
    from slipway.api_keys
    where revoked_at is null and (expires_at is null or expires_at > now())`;
}
