const BUCKET_MS = 1000;
const BUCKETS = 10;
/** Fractions like 0.2 × 15 come out just below 3. */
const SLACK = 1e-9;

/** Bounds of a {@link RetryBudget}. */
export interface RetryBudgetSettings {
  /** Extra requests for each first one: 0.2 allows one more for every five. */
  readonly ratio: number;
  /** Extra requests that the window allows however few first ones there are: a quiet server must be able to retry too. */
  readonly least: number;
}

/**
 * Keeps extra requests at a share of the first ones, so that retries cannot multiply the load on an upstream that is failing
 * under load. A bucket of tokens that expire: each first request of the last ten seconds gives `ratio` of one, each extra request
 * takes one. A quiet provider is lent `least` of them; in busy times the loan is paid back, so that over any longer time the share
 * holds. Times are milliseconds of any clock that does not go back.
 */
export class RetryBudget {
  readonly #settings: RetryBudgetSettings;
  readonly #firsts = Array.from({ length: BUCKETS }, () => 0);
  readonly #extras = Array.from({ length: BUCKETS }, () => 0);
  #slot = 0;
  #at = 0;
  #sumFirsts = 0;
  #sumExtras = 0;
  /** Tokens; below 0 is what was lent. */
  #balance = 0;

  constructor(settings: RetryBudgetSettings) {
    this.#settings = settings;
  }

  /** Counts a first request. */
  first(now: number): void {
    const slot = Math.floor(now / BUCKET_MS);
    if (slot !== this.#slot) this.#turn(slot);
    this.#firsts[this.#at] = (this.#firsts[this.#at] ?? 0) + 1;
    this.#sumFirsts += 1;
    this.#balance += this.#settings.ratio;
  }

  /** Takes one extra request; false when the budget has none left. */
  take(now: number): boolean {
    const slot = Math.floor(now / BUCKET_MS);
    if (slot !== this.#slot) this.#turn(slot);
    const { ratio, least } = this.#settings;
    if (this.#sumExtras + 1 > Math.max(least, ratio * this.#sumFirsts + SLACK)) return false;
    const lent = this.#sumExtras < least && this.#balance - 1 >= -least - SLACK;
    if (this.#balance < 1 - SLACK && !lent) return false;
    this.#extras[this.#at] = (this.#extras[this.#at] ?? 0) + 1;
    this.#sumExtras += 1;
    this.#balance -= 1;
    return true;
  }

  #turn(slot: number): void {
    const steps = Math.min(Math.max(slot - this.#slot, 0), BUCKETS);
    for (let step = 0; step < steps; step += 1) {
      this.#at = (this.#at + 1) % BUCKETS;
      this.#sumFirsts -= this.#firsts[this.#at] ?? 0;
      this.#sumExtras -= this.#extras[this.#at] ?? 0;
      this.#firsts[this.#at] = 0;
      this.#extras[this.#at] = 0;
      this.#pass();
    }
    this.#slot = Math.max(slot, this.#slot);
  }

  /** A second has passed: tokens of requests that are forgotten are gone, and to a quiet provider a part of the loan is left. */
  #pass(): void {
    const { ratio, least } = this.#settings;
    this.#balance = Math.min(this.#balance, ratio * this.#sumFirsts);
    if (this.#balance < 0 && ratio * this.#sumFirsts < least)
      this.#balance = Math.min(0, this.#balance + least / BUCKETS);
  }
}
