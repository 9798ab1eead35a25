import { canonicalJson } from "@slipway/contracts/audit/canonical-json.ts";
import type { AuditRecords, SequencedAuditRecord } from "#store/audit-records.ts";
import { entryOf } from "../entry-of.ts";
import type { SinkRecord } from "../sinks/sink.ts";
import type { Clock } from "./clock.ts";

/** The sequenced audit records, which all sinks read. */
export interface RecordSource {
  /** Records after the position, ascending, at most `limit`. Positions that retention has emptied are passed over. */
  after(position: number, limit: number): Promise<readonly SinkRecord[]>;
  /** The newest position; 0 when there is none. */
  last(): Promise<number>;
}

// The very bytes that the record's hash is of: a receiver can check what it got against a checkpoint.
function toSinkRecord(record: SequencedAuditRecord): SinkRecord {
  const { position, id, at } = record;
  return { position, id, at, json: canonicalJson({ ...entryOf(record, record.seq) }) };
}

/** The store's records as sinks send them. */
export function recordSource(records: Pick<AuditRecords, "sequenced" | "lastPosition">): RecordSource {
  return {
    after: async (position, limit) => (await records.sequenced(position, limit)).map(toSinkRecord),
    last: () => records.lastPosition(),
  };
}

/** Asks for the newest position at most once in `everyMs`, however many sinks want to know. */
export function shareLast(source: RecordSource, clock: Clock, everyMs: number): RecordSource {
  let known: Promise<number> | undefined;
  let asked = -Infinity;
  return {
    after: (position, limit) => source.after(position, limit),
    last() {
      if (known && clock.now() - asked < everyMs) return known;
      asked = clock.now();
      const asking = source.last();
      known = asking;
      // The next one asks again.
      asking.catch(() => {
        if (known === asking) known = undefined;
      });
      return asking;
    },
  };
}

const PAGE = 1000;

/**
 * The piece to send next: records after `from` up to `to` (null: as far as they go), at most so many and so large, at least one
 * if there is one.
 */
export async function nextPiece(
  source: RecordSource,
  from: number,
  to: number | null,
  most: { readonly records: number; readonly bytes: number },
): Promise<readonly SinkRecord[]> {
  const piece: SinkRecord[] = [];
  let bytes = 0;
  for (let position = from; piece.length < most.records;) {
    const limit = Math.min(PAGE, most.records - piece.length);
    const page = await source.after(position, limit);
    for (const record of page) {
      if (to !== null && record.position > to) return piece;
      bytes += Buffer.byteLength(record.json);
      if (bytes > most.bytes && piece.length > 0) return piece;
      piece.push(record);
      position = record.position;
    }
    if (page.length < limit) break;
  }
  return piece;
}
