import { newId } from "#lib/ids.ts";
import type { AuditRecord } from "#store/audit-records.ts";
import type { RecordQueue } from "#telemetry/record-queue.ts";

/** What a caller of the audit room knows of an event; the rest is filled in here. */
export type AuditEvent = Omit<AuditRecord, "id" | "release" | "at">;

/** Takes an audit record for writing. */
export type RecordAudit = (event: AuditEvent) => void;

/** Records events under this release through the given queue. */
export function createRecordAudit(queue: RecordQueue<AuditRecord>, release: string): RecordAudit {
  return (event) => queue.take({ ...event, id: newId("aud"), release, at: new Date() });
}
