import type { SequencedAuditRecord } from "../../audit-records.ts";
import { sql, type Statement } from "../sql.ts";

/**
 * The tenant's records with a place above `after`, up to `upTo`. Both bound it, and each record is looked up by itself: left to choose, a
 * planner that takes a log for a short one reads and sorts all of it for a page.
 */
export function auditLog(tenantId: string, after: number, upTo: number): Statement<SequencedAuditRecord> {
  return sql`
    select r.id, r.tenant_id as "tenantId", r.actor, r.action, r.target, r.outcome, r.code, r.cost_pico::float8 as cost,
      r.client_ip as "clientIp", r.level, r.request_id as "requestId", r.release, r.at,
      sha256(r.content) as "contentSha256", c.seq::float8 as seq, c.position::float8 as position,
      c.record_hash as "recordHash", c.chain_hash as "chainHash"
    from slipway.audit_chain c
    cross join lateral (select * from slipway.audit_records a where a.tenant_id = ${tenantId} and a.id = c.id limit 1) as r
    where c.tenant_id = ${tenantId} and c.seq > ${after} and c.seq <= ${upTo}
    order by c.seq`;
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
