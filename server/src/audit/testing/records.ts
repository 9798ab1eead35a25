import type { RecordSource } from "../delivery/source.ts";
import type { SinkRecord } from "../sinks/sink.ts";

/** A record as the sequencer would have ordered it. */
export function sinkRecord(position: number, at: Date = new Date(1_795_000_000_000 + position)): SinkRecord {
  const id = `aud_${String(position).padStart(8, "0")}`;
  return { position, id, at, json: JSON.stringify({ id, position, action: "model.call", note: "ünïcode ✓" }) };
}

/** An audit log in memory, which can be away. */
export class MemoryLog implements RecordSource {
  readonly records: SinkRecord[] = [];
  away = false;
  /** Calls of `after`. */
  reads = 0;

  add(count: number, at?: Date): void {
    for (let n = 0; n < count; n += 1) {
      const position = (this.records.at(-1)?.position ?? 0) + 1;
      this.records.push(sinkRecord(position, at));
    }
  }

  after(position: number, limit: number): Promise<readonly SinkRecord[]> {
    if (this.away) return Promise.reject(new Error("the database is away"));
    this.reads += 1;
    return Promise.resolve(this.records.filter((record) => record.position > position).slice(0, limit));
  }

  last(): Promise<number> {
    if (this.away) return Promise.reject(new Error("the database is away"));
    return Promise.resolve(this.records.at(-1)?.position ?? 0);
  }
}
