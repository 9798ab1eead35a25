import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { NewAuditRecord } from "#store/audit-records.ts";
import type { RecordLine } from "#store/record-line.ts";
import type { Logger } from "#telemetry/logger.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import { createRecordQueue, type OfferedQueue, type RecordQueue } from "#telemetry/record-queue.ts";

/** `strict`: an answer's last byte waits until its record is committed. `batched`: the record follows within a second. */
export type AuditMode = "strict" | "batched";

/** Somebody who holds an answer back until its record is safe. */
export interface CommitWaiter {
  /** Called once: true when the record is committed, false when that took too long. The record is kept and written later all the same. */
  committed(ok: boolean): void;
}

/** Audit records on their way to the database. */
export interface AuditQueue extends RecordQueue<NewAuditRecord> {
  /** Takes a record; true when the waiter will be told, false when nobody waits in this mode. */
  commit(record: NewAuditRecord, waiter: CommitWaiter): boolean;
  /** What refuses new work: strict records cannot be committed now. */
  readonly refusal: SlipwayError | undefined;
}

/** The answer is not given, because what it did could not be recorded. */
export function auditUnavailable(): SlipwayError {
  return new SlipwayError("audit_unavailable", "The audit log cannot be written, and nothing is answered unaudited.", {
    hint: "Try again in a few seconds; if it lasts, look at the database.",
    retryAfter: 5,
  });
}

/** Milliseconds that an answer waits for its record. */
const WAIT_MS = 5000;
const SWEEP_MS = 250;

interface Waiting {
  readonly number: number;
  readonly until: number;
  readonly waiter: CommitWaiter;
}

/**
 * A queue of records. In strict mode it commits as soon as it can: one commit is under way, and what comes meanwhile makes up the
 * next, so that under load a commit is shared by every answer that waits. It knows that the database is away from the first commit
 * that fails or takes too long, until one succeeds again.
 */
class CommitQueue implements AuditQueue {
  readonly #queue: OfferedQueue<NewAuditRecord>;
  readonly #strict: boolean;
  readonly #sweep: NodeJS.Timeout | undefined;
  /** Records taken and records written, ever: the queue keeps their order. */
  #taken = 0;
  #written = 0;
  #waiting: Waiting[] = [];
  #now = performance.now();
  #away = false;

  constructor(options: CommitQueueOptions) {
    const { line, write, log, metrics } = options;
    this.#strict = options.mode === "strict";
    this.#queue = createRecordQueue<NewAuditRecord, RecordLine>({
      queue: "audit",
      line,
      write: async (lines) => {
        try {
          await write(lines);
        } catch (error) {
          this.#away = this.#strict;
          throw error;
        }
        this.#wrote(lines.length);
      },
      log,
      metrics,
      ...(this.#strict ? { intervalMs: 0, retryMs: { least: 50, most: 1000 } } : {}),
    });
    if (this.#strict) this.#sweep = setInterval(() => this.#giveUp(), SWEEP_MS).unref();
  }

  get nearlyFull(): boolean {
    return this.#queue.nearlyFull;
  }

  get refusal(): SlipwayError | undefined {
    return this.#away ? auditUnavailable() : undefined;
  }

  take(record: NewAuditRecord): void {
    // One that the full queue has not taken is in the log and will not be written.
    if (this.#queue.offer(record)) this.#taken += 1;
  }

  commit(record: NewAuditRecord, waiter: CommitWaiter): boolean {
    if (!this.#queue.offer(record)) {
      if (this.#strict) waiter.committed(false);
      return this.#strict;
    }
    this.#taken += 1;
    if (!this.#strict) return false;
    this.#waiting.push({ number: this.#taken, until: this.#now + WAIT_MS, waiter });
    return true;
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#queue.close(timeoutMs);
    clearInterval(this.#sweep);
    this.#tell(this.#waiting.length, false);
  }

  #wrote(count: number): void {
    this.#written += count;
    this.#away = false;
    const next = this.#waiting.findIndex(({ number }) => number > this.#written);
    this.#tell(next === -1 ? this.#waiting.length : next, true);
  }

  #giveUp(): void {
    this.#now = performance.now();
    const next = this.#waiting.findIndex(({ until }) => until > this.#now);
    const late = next === -1 ? this.#waiting.length : next;
    if (late === 0) return;
    // A database that neither writes nor fails is away as well.
    this.#away = true;
    this.#tell(late, false);
  }

  #tell(count: number, ok: boolean): void {
    for (const { waiter } of this.#waiting.splice(0, count)) waiter.committed(ok);
  }
}

interface CommitQueueOptions {
  readonly mode: AuditMode;
  readonly line: (record: NewAuditRecord) => RecordLine;
  /** Idempotent by the record's id. */
  readonly write: (lines: readonly RecordLine[]) => Promise<void>;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Makes the queue of this process. */
export function createCommitQueue(options: CommitQueueOptions): AuditQueue {
  return new CommitQueue(options);
}
