import { busy, late } from "./errors.ts";

/** Gives out a bounded number of places, to a bounded number of others in their order. */
export class Gate {
  readonly #purpose: string;
  readonly #atOnce: number;
  readonly #most: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(purpose: string, atOnce: number, mostWaiting: number) {
    this.#purpose = purpose;
    this.#atOnce = atOnce;
    this.#most = mostWaiting;
  }

  /** Resolves with a place, which {@link leave} gives back. Rejects with `egress_busy` at once when too many wait, and when the signal ends the wait. */
  enter(host: string, signal: AbortSignal): Promise<void> {
    if (this.#taken < this.#atOnce) {
      this.#taken += 1;
      return Promise.resolve();
    }
    if (this.#waiting.size >= this.#most) return Promise.reject(busy(this.#purpose));
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#waiting.delete(turn);
        reject(late(host, "queue"));
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
