import type { ApiKeyUse } from "../../api-keys.ts";
import { sql, type Statement } from "../sql.ts";

/** Keys of one tenant. Several servers write the same keys: a time that is earlier than what is there changes nothing. */
export function recordApiKeyUses(tenantId: string, uses: readonly ApiKeyUse[]): Statement<unknown> {
  return sql`
    update slipway.api_keys k
    set last_used_at = used.at
    from unnest(${uses.map(({ keyId }) => keyId)}::text[], ${uses.map(({ at }) => at)}::timestamptz[]) as used (id, at)
    where k.tenant_id = ${tenantId} and k.id = used.id and (k.last_used_at is null or k.last_used_at < used.at)`;
}
