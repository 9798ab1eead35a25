import { burstOf } from "../limiter.ts";

/** Workers may keep what comes in so long a time, in milliseconds, all of them together. */
const KEPT_MS = 1000;

/**
 * How often one key may start a request, for all workers together: the generic cell rate algorithm, which gives permits. Permits
 * that workers keep are used later than they were given, so the burst is smaller by all that can be kept: over any time no more
 * requests start than one process would let. Slow rates give only what somebody waits for.
 */
export class PermitRate {
  /** See `Grant.keep`. */
  readonly keep: number;
  readonly #interval: number;
  readonly #burst: number;

  constructor(requestsPerMinute: number, workers: number) {
    const block = Math.floor((requestsPerMinute * KEPT_MS) / 60_000 / workers);
    this.#interval = 60_000 / requestsPerMinute;
    this.keep = block > 1 ? block : 0;
    this.#burst = burstOf(requestsPerMinute) - this.keep * workers;
  }

  /** Takes up to `need` permits, some more while there is plenty, from a key whose theoretical arrival time is `arrival`. */
  take(arrival: number, now: number, need: number): { permits: number; arrival: number; waitMs: number } {
    const from = Math.max(arrival, now);
    // Times are sums of intervals that are not whole: what is a permit but for the last digits is one.
    const most = Math.floor(this.#burst - (from - now) / this.#interval + 1e-6);
    const wish = most > this.#burst / 2 ? Math.max(need, this.keep) : need;
    const permits = Math.max(0, Math.min(most, wish));
    const next = from + permits * this.#interval;
    return { permits, arrival: next, waitMs: next + this.#interval - this.#burst * this.#interval - now };
  }
}
