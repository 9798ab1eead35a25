/** Milliseconds after which an old measurement counts for 1/e: a target that was slow is tried again by and by. */
const MEMORY_MS = 15_000;
const WEIGHT = 0.3;

/**
 * A moving average that believes bad news at once and good news slowly, and forgets both. Times are milliseconds of any clock
 * that does not go back.
 */
export class PeakLatency {
  #ms = 0;
  #at = 0;

  /** Takes a measurement. */
  observe(ms: number, now: number): void {
    const old = this.at(now);
    this.#ms = ms > old ? ms : old + WEIGHT * (ms - old);
    this.#at = now;
  }

  /** What an answer is expected to take; 0 when nothing is known, so that the unknown is tried. */
  at(now: number): number {
    return this.#ms === 0 ? 0 : this.#ms * Math.exp(-(now - this.#at) / MEMORY_MS);
  }
}
