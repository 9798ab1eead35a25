import type { RecordSource } from "./source.ts";

/** What may wait for a sink, and what becomes of more. */
export interface SpoolSettings {
  readonly maxRecords: number;
  readonly maxAgeMs: number;
  /** `keep`: retention waits and an alarm is raised. `shed`: the oldest are passed over, and a record of the gap is written. */
  readonly policy: "keep" | "shed";
}

/** How full a sink's spool is. */
export interface SpoolState {
  /** Records that wait. */
  readonly waiting: number;
  /** When the oldest of them happened; undefined when none waits. */
  readonly oldestAt: Date | undefined;
  /** A position up to which records are beyond the bounds, the last such where they are to be shed; undefined while all are within. */
  readonly overTo: number | undefined;
}

const PAGE = 1000;
// Of one look; what is left is for the next.
const MOST_PAGES = 100;

/** The end of the records, from the first on, that are older than the cutoff. */
async function endOfOld(source: RecordSource, position: number, cutoff: number): Promise<number> {
  let end = position;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const records = await source.after(end, PAGE);
    const young = records.findIndex(({ at }) => at.getTime() >= cutoff);
    const old = young === -1 ? records : records.slice(0, young);
    end = old.at(-1)?.position ?? end;
    if (old.length < PAGE) break;
  }
  return end;
}

/** Looks how much waits behind the position. */
export async function lookAtSpool(
  source: RecordSource,
  position: number,
  settings: SpoolSettings,
  now: number,
): Promise<SpoolState> {
  const last = await source.last();
  const waiting = Math.max(0, last - position);
  const [oldest] = waiting > 0 ? await source.after(position, 1) : [];
  if (!oldest) return { waiting, oldestAt: undefined, overTo: undefined };
  const cutoff = now - settings.maxAgeMs;
  const byCount = last - settings.maxRecords;
  const tooOld = oldest.at.getTime() < cutoff;
  // How far the old ones go matters to whoever passes them over; to look for their end each time would cost a dead sink's server its time.
  const byAge = !tooOld ? 0 : settings.policy === "keep" ? oldest.position : await endOfOld(source, position, cutoff);
  const overTo = Math.max(byCount, byAge);
  return { waiting, oldestAt: oldest.at, overTo: overTo > position ? overTo : undefined };
}
