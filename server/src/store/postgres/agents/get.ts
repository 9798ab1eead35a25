import type { StoredAgent } from "../../agents.ts";
import { sql, type Statement } from "../sql.ts";

export function getAgent(tenantId: string, name: string): Statement<StoredAgent> {
  return sql`
    select a.name, a.user_id as "userId", a.version, encode(a.hash, 'hex') as hash, v.spec,
      a.created_at as "createdAt", a.updated_at as "updatedAt"
    from slipway.agents a
    join slipway.agent_versions v using (tenant_id, name, version)
    where a.tenant_id = ${tenantId} and a.name = ${name}`;
}
