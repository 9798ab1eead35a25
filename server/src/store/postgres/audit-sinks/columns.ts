import type { SinkProgress } from "../../audit-sinks.ts";

/** A row as the statements answer it; bigints as doubles, exact up to 2⁵³. */
export interface ProgressRow extends SinkProgress {
  readonly fence: number;
}

/** The progress of a row, without what belongs to the lease. */
export function progressOf({ fence: _, ...progress }: ProgressRow): SinkProgress {
  return progress;
}
