export type BreakerState = "closed" | "open" | "half_open";

/** When a breaker opens and how it closes again. */
export interface BreakerSettings {
  /** Failures without a success between them that open it, however far apart. */
  readonly consecutive: number;
  /** Milliseconds over which the share of failures is taken. */
  readonly windowMs: number;
  /** Outcomes that a window must hold before its share means something. */
  readonly leastOutcomes: number;
  /** Share of failures in a window that opens it. */
  readonly ratio: number;
  /** Milliseconds that it stays open the first time; doubles with each probe that fails, up to the most. */
  readonly openMs: number;
  readonly mostOpenMs: number;
  /** Probes in a row that must succeed before it closes. One runs at a time. */
  readonly probes: number;
}

export const DEFAULT_BREAKER: BreakerSettings = {
  consecutive: 5,
  windowMs: 10_000,
  leastOutcomes: 20,
  ratio: 0.5,
  openMs: 5_000,
  mostOpenMs: 60_000,
  probes: 2,
};

/** Failures in a row, with no success in a whole window, after which not even the only target is asked. */
const DEAD_AFTER = 10;

/**
 * Stops asking a target that fails. Open, it admits nothing until its time is up; then one probe at a time, until enough of
 * them succeed. Pure: times are milliseconds of any clock that does not go back.
 */
export class CircuitBreaker {
  readonly #settings: BreakerSettings;
  readonly #onChange: (from: BreakerState, to: BreakerState, openMs: number) => void;
  #state: BreakerState = "closed";
  #openUntil = 0;
  #openMs: number;
  #inARow = 0;
  #lastSuccess = Number.NEGATIVE_INFINITY;
  #probing = false;
  #probesPassed = 0;
  #windowStart = 0;
  #good = 0;
  #bad = 0;
  // Of the window before, weighed by how much of it the sliding window still covers.
  #goodBefore = 0;
  #badBefore = 0;

  constructor(
    settings: BreakerSettings,
    onChange: (from: BreakerState, to: BreakerState, openMs: number) => void = () => {},
  ) {
    this.#settings = settings;
    this.#onChange = onChange;
    this.#openMs = settings.openMs;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether an attempt may begin now. */
  admits(now: number): boolean {
    if (this.#state === "closed") return true;
    if (this.#state === "open") return now >= this.#openUntil;
    return !this.#probing;
  }

  /** True when all of the last attempts failed and none succeeded for a whole window: then there is nothing to gain by asking. */
  dead(now: number): boolean {
    return this.#inARow >= DEAD_AFTER && now - this.#lastSuccess > this.#settings.windowMs && !this.admits(now);
  }

  /** Milliseconds until a probe is admitted; 0 when one may go now. */
  opensIn(now: number): number {
    return this.#state === "closed" ? 0 : Math.max(0, this.#openUntil - now);
  }

  /** An attempt begins; true when it is a probe, which the one who makes it must bring to a verdict or release. */
  begin(now: number): boolean {
    if (this.#state === "closed" || !this.admits(now)) return false;
    this.#change("half_open");
    this.#probing = true;
    return true;
  }

  /** A probe was answered. */
  probePassed(now: number): void {
    this.#probing = false;
    this.#noteSuccess(now);
    if (this.#state !== "half_open") return;
    this.#probesPassed += 1;
    if (this.#probesPassed < this.#settings.probes) return;
    this.#openMs = this.#settings.openMs;
    this.#startWindow(now);
    this.#change("closed");
  }

  /** A probe ended without telling anything, for example because the client left. */
  release(): void {
    this.#probing = false;
  }

  succeeded(now: number): void {
    this.#slide(now);
    this.#good += 1;
    this.#noteSuccess(now);
  }

  failed(now: number, wasProbe: boolean): void {
    this.#slide(now);
    this.#bad += 1;
    this.#inARow += 1;
    if (wasProbe) {
      this.#probing = false;
      this.#openMs = Math.min(this.#openMs * 2, this.#settings.mostOpenMs);
      this.#open(now);
      return;
    }
    if (this.#state === "closed" && (this.#inARow >= this.#settings.consecutive || this.#mostlyFails(now)))
      this.#open(now);
  }

  #noteSuccess(now: number): void {
    this.#inARow = 0;
    this.#lastSuccess = now;
  }

  #mostlyFails(now: number): boolean {
    const { windowMs, leastOutcomes, ratio } = this.#settings;
    const rest = Math.max(0, 1 - (now - this.#windowStart) / windowMs);
    const bad = this.#bad + rest * this.#badBefore;
    const all = bad + this.#good + rest * this.#goodBefore;
    return all >= leastOutcomes && bad >= ratio * all;
  }

  #slide(now: number): void {
    const { windowMs } = this.#settings;
    const passed = now - this.#windowStart;
    if (passed < windowMs) return;
    const follows = passed < 2 * windowMs;
    this.#goodBefore = follows ? this.#good : 0;
    this.#badBefore = follows ? this.#bad : 0;
    this.#windowStart = follows ? this.#windowStart + windowMs : now;
    this.#good = 0;
    this.#bad = 0;
  }

  #startWindow(now: number): void {
    this.#windowStart = now;
    this.#good = 0;
    this.#bad = 0;
    this.#goodBefore = 0;
    this.#badBefore = 0;
  }

  #open(now: number): void {
    this.#openUntil = now + this.#openMs;
    this.#probesPassed = 0;
    this.#change("open");
  }

  #change(to: BreakerState): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    this.#onChange(from, to, this.#openMs);
  }
}
