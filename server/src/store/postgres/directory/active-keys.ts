import type { DirectoryKey } from "../../directory.ts";
import { sql, type Statement } from "../sql.ts";

export function activeKeys(): Statement<DirectoryKey> {
  return sql`
    select tenant_id as "tenantId", id as "keyId", name, hash
    from slipway.api_keys
    where revoked_at is null`;
}
