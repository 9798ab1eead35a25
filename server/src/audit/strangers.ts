const WINDOW_MS = 60_000;

/** What becomes of the record of a stranger's request. */
export interface StrangerVerdict {
  readonly recorded: boolean;
  /** Others that were left out before this one and of which nothing has been said yet. */
  readonly leftOut: number;
}

/**
 * Bounds what strangers can make the log write: requests of callers that nobody could verify are recorded up to so many a minute, and
 * the rest are counted, so that a flood neither fills the database nor goes unmentioned.
 */
export class StrangerBound {
  readonly #most: number;
  readonly #clock: () => number;
  #until = Number.NEGATIVE_INFINITY;
  #recorded = 0;
  #leftOut = 0;

  /** `most` records a minute; `clock` in milliseconds. */
  constructor(most: number, clock: () => number) {
    this.#most = most;
    this.#clock = clock;
  }

  next(): StrangerVerdict {
    const now = this.#clock();
    if (now >= this.#until) {
      this.#until = now + WINDOW_MS;
      this.#recorded = 0;
    }
    if (this.#recorded >= this.#most) {
      this.#leftOut += 1;
      return { recorded: false, leftOut: 0 };
    }
    this.#recorded += 1;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return { recorded: true, leftOut };
  }
}
