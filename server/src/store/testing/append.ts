import type { NewAuditRecord } from "../audit-records.ts";
import type { Store } from "../store.ts";
import type { UsageEntry } from "../usage-ledger.ts";

/** Writes entries at once, without the queue of a running server. */
export function appendUsage({ usageLedger }: Store, entries: readonly UsageEntry[]): Promise<void> {
  return usageLedger.write(entries.map(usageLedger.line));
}

/** As `appendUsage`, audit records. */
export function appendRecords({ auditRecords }: Store, records: readonly NewAuditRecord[]): Promise<void> {
  return auditRecords.write(records.map(auditRecords.line));
}
