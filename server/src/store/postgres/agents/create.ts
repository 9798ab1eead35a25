import type { NewAgentVersion, StoredAgent } from "../../agents.ts";
import { sql, type Statement } from "../sql.ts";

/** No row when the tenant has as many as it may have. */
export function createAgent(
  tenantId: string,
  agent: NewAgentVersion & { readonly name: string; readonly userId: string | null },
  most: number,
): Statement<StoredAgent> {
  const { name, userId, hash, madeBy } = agent;
  const spec = JSON.stringify(agent.spec);
  return sql`
    with made as (
      insert into slipway.agents (tenant_id, name, user_id, hash)
      select ${tenantId}, ${name}, ${userId}, decode(${hash}, 'hex')
      where (select count(*) from slipway.agents where tenant_id = ${tenantId}) < ${most}::integer
      returning *
    ), kept as (
      insert into slipway.agent_versions (tenant_id, name, version, hash, spec, made_by)
      select tenant_id, name, version, hash, ${spec}::jsonb, ${madeBy} from made
    )
    select name, user_id as "userId", version, encode(hash, 'hex') as hash, ${spec}::jsonb as spec,
      created_at as "createdAt", updated_at as "updatedAt"
    from made`;
}
