import { BatchWriter } from "#lib/batch-writer.ts";
import { describeError, type LogFields, type Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";

/** Records on their way to the database. */
export interface RecordQueue<Item extends object> {
  /** Takes a record. One that finds the queue full goes to the log whole, so that it can be recovered from there. */
  take(item: Item): void;
  /** True when records pile up so far that no more work should be taken in. */
  readonly nearlyFull: boolean;
  /** Writes what waits, for at most `timeoutMs`; what cannot be written goes to the log. */
  close(timeoutMs: number): Promise<void>;
}

/** What is written of a record, and what it says, should it have to be kept elsewhere. */
export interface WaitingLine {
  fields(): LogFields;
}

/** A queue that says whether it has taken a record. */
export interface OfferedQueue<Item extends object> extends RecordQueue<Item> {
  /** As `take`; false when the record found the queue full. */
  offer(item: Item): boolean;
}

/**
 * A queue that group-commits: a record is written at most `intervalMs`, or 1,000 records, after it was taken while the database
 * answers, and is kept and tried again while it does not. `write` must be idempotent by the record's id.
 */
export function createRecordQueue<Item extends object, Line extends WaitingLine>(options: {
  /** The queue's name in logs and metrics. */
  readonly queue: string;
  /** What will be written of a record: made when it is taken, so that a group does not hold up the requests beside it. */
  readonly line: (item: Item) => Line;
  readonly write: (lines: readonly Line[]) => Promise<void>;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Milliseconds that a record may wait for company, 100 unless given: a larger group would hold up the requests beside it. */
  readonly intervalMs?: number;
  /** Milliseconds between tries after a failure, 100 to 5,000 unless given. */
  readonly retryMs?: { readonly least: number; readonly most: number };
}): OfferedQueue<Item> {
  const { queue, log, metrics } = options;
  const writer = new BatchWriter<Line>({
    write: options.write,
    maxQueue: 50_000,
    maxBatch: 1000,
    intervalMs: options.intervalMs ?? 100,
    retryMs: options.retryMs ?? { least: 100, most: 5_000 },
    onFailure(error, attempt) {
      metrics.queueFailures.inc({ queue });
      // One line at the first failure and one in each sixteen after it: an outage must not flood the log.
      if (attempt % 16 === 1) {
        log.error(
          { queue, attempt, error: describeError(error) },
          "records cannot be written and are kept for another try",
        );
      }
    },
  });
  const drop = (line: Line): void => {
    metrics.queueDropped.inc({ queue });
    log.error({ queue, record: line.fields() }, "a record could not be written to the database; this line holds it");
  };
  metrics.watchQueue(queue, () => writer.length);
  const offer = (item: Item): boolean => {
    const line = options.line(item);
    const taken = writer.push(line);
    if (!taken) drop(line);
    return taken;
  };
  return {
    offer,
    take(item) {
      offer(item);
    },
    get nearlyFull() {
      return writer.nearlyFull;
    },
    async close(timeoutMs) {
      for (const line of await writer.close(timeoutMs)) drop(line);
    },
  };
}
