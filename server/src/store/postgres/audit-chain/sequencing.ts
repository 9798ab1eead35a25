import type { ChainStretch, LogEnd, WaitingRecords } from "../../audit-chain.ts";
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

/** Whose records wait, and how many, among the oldest of all. */
export function waitingRecords(limit: number): Statement<WaitingRecords> {
  return sql`
    select tenant_id as "tenantId", count(*)::int as count,
      min(arrival)::float8 as oldest, max(arrival)::float8 as newest
    from (select tenant_id, arrival from slipway.audit_pending order by arrival limit ${limit}) as oldest
    group by tenant_id`;
}

/**
 * Gives the tenant's `count` oldest records that wait the places after the log's end, and positions after `position`. What is hashed is
 * the record as it lies in the database: its entry's canonical JSON (RFC 8785) as contracts/src/audit/entry.ts has it, names in their order,
 * after the byte of a leaf (RFC 6962). PostgreSQL's `to_json` writes a text as ECMAScript's JSON.stringify does. Each record is looked up by
 * itself, and those that wait are bounded by `oldest` and `newest` as well: left to choose, the planner reads all there is for a page of it,
 * and what was taken off the list before lies in front of it until it is vacuumed.
 */
export function placeRecords(
  { tenantId, count, oldest, newest }: WaitingRecords,
  position: number,
): Statement<{ readonly placed: number }> {
  return sql`
    with log_end as (
      select seq, chain_hash from (
        (select seq, chain_hash from slipway.audit_chain where tenant_id = ${tenantId} order by seq desc limit 1)
        union all
        (select size, chain_hash from slipway.audit_checkpoints where tenant_id = ${tenantId} order by size desc limit 1)
        union all
        select 0, sha256(convert_to(E'slipway audit chain v1\\n' || ${tenantId}::text || E'\\n', 'UTF8'))
      ) as ends
      order by seq desc
      limit 1
    ), page as (
      select id, arrival, row_number() over (order by arrival) as n
      from slipway.audit_pending
      where tenant_id = ${tenantId} and arrival >= ${oldest} and arrival <= ${newest}
      order by arrival limit ${count}
    ), entry as (
      select log_end.seq + page.n as seq, r.id, sha256('\\x00'::bytea || convert_to(
        '{"action":' || to_json(r.action)
        || ',"actor":' || to_json(r.actor)
        || ',"at":"' || to_char(r.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        || '","clientIp":' || coalesce(to_json(r.client_ip)::text, 'null')
        || ',"code":' || coalesce(to_json(r.code)::text, 'null')
        || ',"contentSha256":' || coalesce('"' || encode(sha256(r.content), 'hex') || '"', 'null')
        || ',"costPico":' || coalesce('"' || r.cost_pico || '"', 'null')
        || ',"id":' || to_json(r.id)
        || ',"level":' || to_json(r.level)
        || ',"outcome":' || to_json(r.outcome)
        || ',"release":' || to_json(r.release)
        || ',"requestId":' || to_json(r.request_id)
        || ',"seq":' || log_end.seq + page.n
        || ',"target":' || to_json(r.target)
        || ',"tenantId":' || to_json(r.tenant_id)
        || ',"v":1}', 'UTF8')) as record_hash
      from page
      cross join lateral (select * from slipway.audit_records a where a.tenant_id = ${tenantId} and a.id = page.id limit 1) as r
      cross join log_end
    ), link as (
      select seq, id, record_hash, slipway.chain_hash(record_hash) over (order by seq) as chain_hash
      from (select seq, id, record_hash from entry union all select seq, null, chain_hash from log_end) as walked
    ), placed as (
      insert into slipway.audit_chain (tenant_id, seq, position, id, record_hash, chain_hash)
      select ${tenantId}, link.seq, ${position}::bigint + link.seq - log_end.seq, link.id, link.record_hash, link.chain_hash
      from link cross join log_end
      where link.id is not null
      returning id
    ), taken as (
      delete from slipway.audit_pending
      where tenant_id = ${tenantId} and arrival >= ${oldest} and arrival <= (select max(arrival) from page)
    )
    select count(*)::int as placed from placed`;
}

/**
 * The next links of a log, packed, as far as each follows the one before it: by its number, and by its chain hash, which is made anew
 * from `chainHash`, that of link `after`. Places have no gaps, so a page is bounded by its places and not by a count alone: a planner that
 * takes a log for a short one would sort all of it for every page. Where places are missing at a page's end, one link more is told of.
 */
export function chainStretch(tenantId: string, after: LogEnd, limit: number): Statement<ChainStretch> {
  return sql`
    with link as (
      select seq, position, record_hash, chain_hash,
        seq = ${after.seq}::bigint + row_number() over (order by seq)
          and chain_hash = sha256(lag(chain_hash, 1, ${after.chainHash}::bytea) over (order by seq) || record_hash) as follows
      from slipway.audit_chain
      where tenant_id = ${tenantId} and seq > ${after.seq}::bigint and seq <= ${after.seq + limit}::bigint
    ), whole as (
      select * from link where seq < coalesce((select min(seq) from link where not follows), 9223372036854775807)
    ), found as (
      select count(*)::int as links from link
    )
    select case
        when found.links < ${limit}
          and (select seq from slipway.audit_chain where tenant_id = ${tenantId} order by seq desc limit 1) > ${after.seq + limit}::bigint
        then found.links + 1 else found.links
      end as links,
      (select coalesce(max(position), 0)::float8 from whole) as position,
      (select chain_hash from whole order by seq desc limit 1) as "chainHash",
      (select coalesce(string_agg(record_hash, ''::bytea order by seq), '') from whole) as "recordHashes"
    from found`;
}
