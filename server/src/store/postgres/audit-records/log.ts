import type { SequencedAuditRecord } from "../../audit-records.ts";
import { sql, type Statement } from "../sql.ts";

/** The tenant's records with a place above `after`, up to `upTo`. */
export function auditLog(
  tenantId: string,
  after: number,
  upTo: number,
  limit: number,
): Statement<SequencedAuditRecord> {
  return sql`
    select r.id, r.tenant_id as "tenantId", r.actor, r.action, r.target, r.outcome, r.code, r.cost_pico::float8 as cost,
      r.client_ip as "clientIp", r.level, r.request_id as "requestId", r.release, r.at,
      sha256(r.content) as "contentSha256", c.seq::float8 as seq, c.position::float8 as position,
      c.record_hash as "recordHash", c.chain_hash as "chainHash"
    from slipway.audit_chain c
    join slipway.audit_records r on r.tenant_id = c.tenant_id and r.id = c.id
    where c.tenant_id = ${tenantId} and c.seq > ${after} and c.seq <= ${upTo}
    order by c.seq
    limit ${limit}`;
}

/** Which tenants' records come after a position, and between which places of their logs. */
export function positionsAfter(
  after: number,
  limit: number,
): Statement<{ readonly tenantId: string; readonly first: number; readonly last: number }> {
  return sql`
    select tenant_id as "tenantId", min(seq)::float8 as first, max(seq)::float8 as last
    from (
      select tenant_id, seq from slipway.audit_chain
      where position > ${after} order by position limit ${limit}
    ) as page
    group by tenant_id`;
}

export function lastPosition(): Statement<{ readonly position: number }> {
  return sql`
    select greatest(
      coalesce((select max(position) from slipway.audit_chain), 0),
      coalesce((select max(position) from slipway.audit_checkpoints), 0)
    )::float8 as position`;
}
