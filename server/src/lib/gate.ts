/** What refuses whoever gets no place. */
export interface GateRefusals {
  /** Too many wait. */
  busy(): Error;
  /** The signal ended the wait. */
  late(): Error;
}

/** Gives out a bounded number of places, to a bounded number of others in their order. */
export class Gate {
  readonly #atOnce: number;
  readonly #most: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(atOnce: number, mostWaiting: number) {
    this.#atOnce = atOnce;
    this.#most = mostWaiting;
  }

  /** Resolves with a place, which {@link leave} gives back. Rejects at once when too many wait, and when the signal ends the wait. */
  enter(signal: AbortSignal, refusals: GateRefusals): Promise<void> {
    if (this.#taken < this.#atOnce) {
      this.#taken += 1;
      return Promise.resolve();
    }
    if (this.#waiting.size >= this.#most) return Promise.reject(refusals.busy());
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#waiting.delete(turn);
        reject(refusals.late());
      };
      const turn = (): void => {
        signal.removeEventListener("abort", stop);
        resolve();
      };
      this.#waiting.add(turn);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  leave(): void {
    for (const turn of this.#waiting) {
      this.#waiting.delete(turn);
      turn();
      return;
    }
    this.#taken -= 1;
  }
}
