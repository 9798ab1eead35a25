import type { AuditRecord } from "../../audit-records.ts";
import { shortText } from "../values.ts";
import { sql, type Statement } from "../sql.ts";

/** Records of one tenant. An id that is there already is left as it is. */
export function appendAuditRecords(tenantId: string, records: readonly AuditRecord[]): Statement<unknown> {
  const column = <Value>(of: (record: AuditRecord) => Value): Value[] => records.map(of);
  return sql`
    insert into slipway.audit_records (tenant_id, id, actor, action, target, outcome, code, request_id, release, at)
    select ${tenantId}, record.*
    from unnest(
      ${column((record) => shortText(record.id, 128))}::text[],
      ${column((record) => shortText(record.actor, 200))}::text[],
      ${column((record) => shortText(record.action, 200))}::text[],
      ${column((record) => shortText(record.target, 500))}::text[],
      ${column((record) => record.outcome)}::text[],
      ${column((record) => (record.code === null ? null : shortText(record.code, 100)))}::text[],
      ${column((record) => shortText(record.requestId, 200))}::text[],
      ${column((record) => shortText(record.release, 200))}::text[],
      ${column((record) => record.at)}::timestamptz[]
    ) as record
    on conflict (tenant_id, id) do nothing`;
}
