import type { NewAgentVersion, StoredAgent } from "../../agents.ts";
import { sql, type Statement } from "../sql.ts";

/**
 * No row when nothing was to be changed or it may not be. Of two that come in the same moment the second waits for the first and is then
 * held against what the first has left.
 */
export function updateAgent(
  tenantId: string,
  name: string,
  next: NewAgentVersion,
  bounds: { readonly expected: readonly string[] | undefined; readonly mostVersions: number },
): Statement<StoredAgent> {
  const { hash, madeBy } = next;
  const spec = JSON.stringify(next.spec);
  const expected = bounds.expected ?? null;
  return sql`
    with changed as (
      update slipway.agents
      set version = version + 1, hash = decode(${hash}, 'hex'), updated_at = now()
      where tenant_id = ${tenantId} and name = ${name} and hash <> decode(${hash}, 'hex')
        and version < ${bounds.mostVersions}
        and (${expected}::text[] is null or encode(hash, 'hex') = any(${expected}::text[]))
      returning *
    ), kept as (
      insert into slipway.agent_versions (tenant_id, name, version, hash, spec, made_by)
      select tenant_id, name, version, hash, ${spec}::jsonb, ${madeBy} from changed
    )
    select name, user_id as "userId", version, encode(hash, 'hex') as hash, ${spec}::jsonb as spec,
      created_at as "createdAt", updated_at as "updatedAt"
    from changed`;
}
