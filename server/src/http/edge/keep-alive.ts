import { Ticker } from "#lib/ticker.ts";

/** When streams get a sign of life, so that no proxy on the way takes a silent one for dead. */
export interface KeepAlive {
  /** Milliseconds of silence. */
  readonly silentMs: number;
  readonly ticker: Pick<Ticker, "add" | "remove">;
}

const MOST_TICK_MS = 1_000;

/** Undefined for 0: streams are left alone then. A sign comes up to a second late. */
export function createKeepAlive(silentMs: number): KeepAlive | undefined {
  return silentMs === 0 ? undefined : { silentMs, ticker: new Ticker(Math.min(MOST_TICK_MS, silentMs / 4)) };
}
