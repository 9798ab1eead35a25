import { newId } from "#lib/ids.ts";
import type { NewAuditRecord } from "#store/audit-records.ts";

/** A record to be written in a test. */
export function auditRecord(tenantId: string, change: Partial<NewAuditRecord> = {}): NewAuditRecord {
  return {
    id: newId("aud"),
    tenantId,
    actor: "key:key_1",
    action: "model.call",
    target: "mock",
    outcome: "ok",
    code: null,
    cost: 1_250_000,
    clientIp: "203.0.113.7",
    level: "metadata",
    requestId: newId("req"),
    release: "r1",
    at: new Date(),
    ...change,
  };
}
