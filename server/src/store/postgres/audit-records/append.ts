import type { NewAuditRecord } from "../../audit-records.ts";
import type { RecordLine } from "../../record-line.ts";
import { groupsOf, Line } from "../by-tenant.ts";
import { count, shortText } from "../values.ts";
import { sql, type Statement } from "../sql.ts";

/** Records of any tenants, in one statement that enters each tenant by itself. */
export function appendAuditRecords(lines: readonly RecordLine[]): Statement<unknown> {
  return sql`select slipway.append_audit_records(${groupsOf(lines)}::jsonb)`;
}

/** The values of `auditRecordLine`, in the order that `slipway.append_audit_records` reads them in. */
const NAMES = [
  "id",
  "actor",
  "action",
  "target",
  "outcome",
  "code",
  "requestId",
  "release",
  "at",
  "cost",
  "clientIp",
  "level",
  "content",
];

/** What is written of a record. */
export function auditRecordLine(record: NewAuditRecord): RecordLine {
  return new Line(record.tenantId, NAMES, [
    shortText(record.id, 128),
    shortText(record.actor, 200),
    shortText(record.action, 200),
    shortText(record.target, 500),
    record.outcome,
    record.code === null ? null : shortText(record.code, 100),
    shortText(record.requestId, 200),
    shortText(record.release, 200),
    record.at.getTime(),
    record.cost === null ? null : count(record.cost),
    record.clientIp === null ? null : shortText(record.clientIp, 64),
    record.level,
    record.content ? Buffer.from(record.content).toString("base64") : null,
  ]);
}
