import type { DirectoryAgent } from "../../directory.ts";
import { sql, type Statement } from "../sql.ts";

export function allAgents(): Statement<DirectoryAgent> {
  return sql`
    select tenant_id as "tenantId", name, version, encode(hash, 'hex') as hash
    from slipway.agents
    order by tenant_id, name`;
}
