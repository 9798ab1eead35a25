import type { KeptAnswer } from "./kept-answer.ts";

/** Whoever waits and may leave: an answer on its way to a client. */
export interface Departure {
  readonly destroyed: boolean;
  once(event: "close", listener: () => void): unknown;
}

/** A question that is being asked, for others who have the same one. */
export interface Flight {
  /** Ends it with the answer, or without one; then everyone who waits goes on. A second time changes nothing. */
  land(answer: KeptAnswer | undefined): void;
}

interface Running extends Flight {
  readonly waiting: Set<(answer: KeptAnswer | undefined) => void>;
}

/**
 * One question asked once, however many ask it at the same time. Those who come later wait for the whole answer, at most
 * `maxWaitMs` and `maxWaiting` of them; whoever waits in vain asks by itself.
 */
export class Flights {
  readonly #running = new Map<string, Running>();
  readonly #maxWaitMs: number;
  readonly #maxWaiting: number;

  constructor(options: { readonly maxWaitMs: number; readonly maxWaiting: number }) {
    this.#maxWaitMs = options.maxWaitMs;
    this.#maxWaiting = options.maxWaiting;
  }

  /** True when somebody is asking this. */
  has(key: string): boolean {
    return this.#running.has(key);
  }

  /** Begins to ask. Ends by itself after `maxWaitMs`, so that an asker that never comes back holds nobody. */
  begin(key: string): Flight {
    const waiting: Running["waiting"] = new Set();
    let landed = false;
    const running: Running = {
      waiting,
      land: (answer) => {
        if (landed) return;
        landed = true;
        clearTimeout(timer);
        this.#running.delete(key);
        for (const go of waiting) go(answer);
      },
    };
    const timer = setTimeout(() => running.land(undefined), this.#maxWaitMs);
    timer.unref();
    this.#running.set(key, running);
    return running;
  }

  /** The answer of whoever is asking; undefined when there is none in time, too many wait, or the client leaves. */
  join(key: string, client: Departure): Promise<KeptAnswer | undefined> {
    const running = this.#running.get(key);
    if (!running || running.waiting.size >= this.#maxWaiting || client.destroyed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const go = (answer: KeptAnswer | undefined): void => {
        running.waiting.delete(go);
        resolve(answer);
      };
      running.waiting.add(go);
      client.once("close", () => go(undefined));
    });
  }
}
