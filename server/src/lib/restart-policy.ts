/** Bounds of a {@link RestartPolicy}; times in milliseconds. */
export interface RestartBounds {
  /** More ends than this within `withinMs` are too many. */
  readonly most: number;
  readonly withinMs: number;
  /** The wait before the first restart, which doubles with each further end within the time. */
  readonly leastMs: number;
  readonly mostMs: number;
}

/** When something that ended by itself is started again, and when no more. */
export class RestartPolicy {
  readonly #bounds: RestartBounds;
  #ends: number[] = [];

  constructor(bounds: RestartBounds) {
    this.#bounds = bounds;
  }

  /** Notes an end at `now` and answers how long to wait; undefined: it has ended too often. */
  ended(now: number): number | undefined {
    const { most, withinMs, leastMs, mostMs } = this.#bounds;
    this.#ends = this.#ends.filter((at) => now - at < withinMs);
    this.#ends.push(now);
    const count = this.#ends.length;
    return count > most ? undefined : Math.min(mostMs, leastMs * 2 ** (count - 1));
  }
}
