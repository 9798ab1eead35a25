import type { StoredApiKey } from "../../api-keys.ts";
import { sql, type Statement } from "../sql.ts";

export function listApiKeys(tenantId: string): Statement<StoredApiKey> {
  return sql`
    select id, name, prefix, hash, created_at as "createdAt", revoked_at as "revokedAt"
    from slipway.api_keys
    where tenant_id = ${tenantId}
    order by created_at desc, id desc
    limit 1000`;
}
