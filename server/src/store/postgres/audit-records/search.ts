import type { AuditSearch, UnsequencedRecord } from "../../audit-records.ts";
import { sql, type Statement } from "../sql.ts";

export function searchAuditRecords(tenantId: string, search: AuditSearch): Statement<UnsequencedRecord> {
  const { actor = null, target = null, outcome = null, requestId = null, from = null, to = null, before } = search;
  const prefix = search.action?.endsWith("*") ? search.action.slice(0, -1) : null;
  const action = prefix === null ? (search.action ?? null) : null;
  return sql`
    select id, tenant_id as "tenantId", actor, action, target, outcome, code, cost_pico::float8 as cost,
      client_ip as "clientIp", level, request_id as "requestId", release, at, sha256(content) as "contentSha256"
    from slipway.audit_records
    where tenant_id = ${tenantId}
      and (${actor}::text is null or actor = ${actor})
      and (${action}::text is null or action = ${action})
      and (${prefix}::text is null or starts_with(action, ${prefix}))
      and (${target}::text is null or target = ${target})
      and (${outcome}::text is null or outcome = ${outcome})
      and (${requestId}::text is null or request_id = ${requestId})
      and (${from}::timestamptz is null or at >= ${from})
      and (${to}::timestamptz is null or at < ${to})
      and (${before?.at ?? null}::timestamptz is null or (at, id) < (${before?.at ?? null}::timestamptz, ${before?.id ?? null}::text collate "C"))
    order by at desc, id desc
    limit ${search.limit}`;
}
