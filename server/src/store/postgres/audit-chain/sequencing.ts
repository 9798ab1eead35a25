import type { ChainLink, LogEnd } from "../../audit-chain.ts";
import type { UnsequencedRecord } from "../../audit-records.ts";
import { sql, type Statement } from "../sql.ts";

export function takeLease(holder: string, leaseMs: number): Statement<{ readonly holder: string }> {
  return sql`
    update slipway.audit_sequencer
    set holder = ${holder}, leased_until = now() + make_interval(secs => ${leaseMs / 1000}::float8)
    where holder = ${holder} or leased_until < now()
    returning holder`;
}

export function endLease(holder: string): Statement<unknown> {
  return sql`update slipway.audit_sequencer set leased_until = '-infinity' where holder = ${holder}`;
}

export function pendingRecords(limit: number): Statement<{ readonly tenantId: string; readonly id: string }> {
  return sql`
    select tenant_id as "tenantId", id from slipway.audit_pending
    order by arrival
    limit ${limit}`;
}

export function recordsById(tenantId: string, ids: readonly string[]): Statement<UnsequencedRecord> {
  return sql`
    select id, tenant_id as "tenantId", actor, action, target, outcome, code, cost_pico::float8 as cost,
      client_ip as "clientIp", level, request_id as "requestId", release, at, sha256(content) as "contentSha256"
    from slipway.audit_records
    where tenant_id = ${tenantId} and id = any(${ids})`;
}

export function logEnd(tenantId: string): Statement<LogEnd> {
  return sql`
    select seq::float8 as seq, chain_hash as "chainHash" from (
      (select seq, chain_hash from slipway.audit_chain where tenant_id = ${tenantId} order by seq desc limit 1)
      union all
      (select size, chain_hash from slipway.audit_checkpoints where tenant_id = ${tenantId} order by size desc limit 1)
    ) as ends
    order by seq desc
    limit 1`;
}

export function linksAfter(tenantId: string, after: number, limit: number): Statement<ChainLink> {
  return sql`
    select seq::float8 as seq, position::float8 as position, id, record_hash as "recordHash", chain_hash as "chainHash"
    from slipway.audit_chain
    where tenant_id = ${tenantId} and seq > ${after}
    order by seq
    limit ${limit}`;
}

/** Gives records their places and takes them off the list of those that wait. */
export function appendLinks(tenantId: string, links: readonly ChainLink[]): Statement<unknown> {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  const rows = links.map((link) => [link.seq, link.position, link.id, hex(link.recordHash), hex(link.chainHash)]);
  return sql`
    with placed as (
      insert into slipway.audit_chain (tenant_id, seq, position, id, record_hash, chain_hash)
      select ${tenantId}, (r->>0)::bigint, (r->>1)::bigint, r->>2, decode(r->>3, 'hex'), decode(r->>4, 'hex')
      from json_array_elements(${JSON.stringify(rows)}::json) as r
      returning tenant_id, id
    )
    delete from slipway.audit_pending p using placed
    where p.tenant_id = ${tenantId} and p.tenant_id = placed.tenant_id and p.id = placed.id`;
}
