import { toHex } from "@slipway/contracts/audit/bytes.ts";
import type { AuditEntry } from "@slipway/contracts/audit/entry.ts";
import type { UnsequencedRecord } from "#store/audit-records.ts";

/**
 * The record in its place as it is hashed, exported and delivered. Its fields come in the order of their names, so that
 * JSON.stringify writes it in its canonical form: what an export shows of an entry is, byte for byte, what was hashed.
 */
export function entryOf(record: UnsequencedRecord, seq: number): AuditEntry {
  return {
    action: record.action,
    actor: record.actor,
    at: record.at.toISOString(),
    clientIp: record.clientIp,
    code: record.code,
    contentSha256: record.contentSha256 && toHex(record.contentSha256),
    costPico: record.cost === null ? null : String(record.cost),
    id: record.id,
    level: record.level,
    outcome: record.outcome,
    release: record.release,
    requestId: record.requestId,
    seq,
    target: record.target,
    tenantId: record.tenantId,
    v: 1,
  };
}
