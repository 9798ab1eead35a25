import type { DirectoryProviderKey } from "../../directory.ts";
import { sql, type Statement } from "../sql.ts";

export function allProviderKeys(): Statement<DirectoryProviderKey> {
  return sql`
    select tenant_id as "tenantId", provider, version
    from slipway.provider_keys`;
}
