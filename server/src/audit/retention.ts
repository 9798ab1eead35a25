import type { AuditChain } from "#store/audit-chain.ts";
import type { Logger } from "#telemetry/logger.ts";

/** What may be removed. */
export interface Retention {
  /** Days for which records are kept; 0: for ever. The database keeps a week of its own accord. */
  readonly days: number;
  /** The position up to which everybody who needs the records has them; undefined when nobody holds anything back. */
  readonly delivered: () => Promise<number | undefined>;
}

const DAY_MS = 24 * 3600 * 1000;
const BATCH = 1000;
/** Of one run; the next goes on. */
const MOST_BATCHES = 1000;
const MOST_TENANTS = 1000;

/** Removes segments, each up to a checkpoint that stays with its root, whose records are all older than the days. Answers how many records. */
export async function retireSegments(chain: AuditChain, retention: Retention, log: Logger): Promise<number> {
  if (retention.days === 0) return 0;
  const before = new Date(Date.now() - retention.days * DAY_MS);
  let removed = 0;
  let batches = 0;
  for (const { tenantId, size } of await chain.retirable(before, await retention.delivered(), MOST_TENANTS)) {
    let last = BATCH;
    while (last === BATCH && batches < MOST_BATCHES) {
      last = await chain.retire(tenantId, size, BATCH);
      removed += last;
      batches += 1;
    }
    log.info({ tenantId, size }, "audit records whose time is over were removed up to this checkpoint");
  }
  return removed;
}
