import type { AuditCheckpoint } from "../../audit-chain.ts";
import { sql, type Statement } from "../sql.ts";

export function addCheckpoint(tenantId: string, checkpoint: Omit<AuditCheckpoint, "at">): Statement<unknown> {
  const { size, position, root, chainHash, peaks, note } = checkpoint;
  return sql`
    insert into slipway.audit_checkpoints (tenant_id, size, position, root, chain_hash, peaks, note)
    values (${tenantId}, ${size}, ${position}, ${root}, ${chainHash}, ${peaks}, ${note})
    on conflict (tenant_id, size) do nothing`;
}

/** In the order of the column and not of what is answered of it: by that alone no index is, and all of a tenant's would be sorted. */
export function listCheckpoints(tenantId: string, after: number, limit: number): Statement<AuditCheckpoint> {
  return sql`
    select size::float8 as size, position::float8 as position, root, chain_hash as "chainHash", peaks, note, at
    from slipway.audit_checkpoints k
    where tenant_id = ${tenantId} and size > ${after}
    order by k.size
    limit ${limit}`;
}

export function latestCheckpoint(tenantId: string): Statement<AuditCheckpoint> {
  return sql`
    select size::float8 as size, position::float8 as position, root, chain_hash as "chainHash", peaks, note, at
    from slipway.audit_checkpoints k
    where tenant_id = ${tenantId}
    order by k.size desc
    limit 1`;
}

/** Looks at each log's end, found as the first from behind: of a maximum, a planner that takes the logs for short ones reads all of each. */
export function unsignedTenants(after: string, limit: number): Statement<{ readonly tenantId: string }> {
  return sql`
    with recursive tenant as (
      (select tenant_id from slipway.audit_chain where tenant_id > ${after} order by tenant_id limit 1)
      union all
      select (select c.tenant_id from slipway.audit_chain c where c.tenant_id > tenant.tenant_id order by c.tenant_id limit 1)
      from tenant where tenant.tenant_id is not null
    )
    select tenant_id as "tenantId" from tenant
    where tenant_id is not null
      and (select c.seq from slipway.audit_chain c where c.tenant_id = tenant.tenant_id order by c.seq desc limit 1) > coalesce((
        select k.size from slipway.audit_checkpoints k where k.tenant_id = tenant.tenant_id order by k.size desc limit 1
      ), 0)
    order by tenant_id
    limit ${limit}`;
}
