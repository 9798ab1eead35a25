import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";

/** What may run at once and how often. */
export interface LimitSettings {
  /** Requests that this process runs at once. */
  readonly concurrency: number;
  /** Requests that one key runs at once. */
  readonly concurrencyPerKey: number;
  /** Requests that one key may start in a minute; 0: as many as it likes. A key that was idle may start a tenth of them at once. */
  readonly requestsPerMinute: number;
}

/** A place that admission gave. Settling gives it back; a second time changes nothing. */
export interface Lease {
  settle(usage: Usage): void;
}

export interface Limiter {
  /** Takes a place for this key, or throws `rate_limited` or `concurrency_exceeded` and takes nothing. */
  admit(key: { readonly tenantId: string; readonly keyId: string }): Lease;
  /** Requests that run now. */
  readonly inFlight: number;
}

interface KeyState {
  running: number;
  /** Theoretical arrival time of the generic cell rate algorithm, in milliseconds of the clock. */
  arrival: number;
  tokens: number;
}

// States of keys that are idle are dropped when there are this many.
const MOST_IDLE_STATES = 10_000;

/** Limits of one process. Checks everything first and takes only when nothing refuses. */
class ProcessLimiter implements Limiter {
  readonly #settings: LimitSettings;
  readonly #now: () => number;
  readonly #states = new Map<string, KeyState>();
  #running = 0;

  constructor(settings: LimitSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
  }

  get inFlight(): number {
    return this.#running;
  }

  admit(key: { readonly tenantId: string; readonly keyId: string }): Lease {
    const id = `${key.tenantId}/${key.keyId}`;
    const state = this.#states.get(id) ?? this.#create(id);
    const { concurrency, concurrencyPerKey, requestsPerMinute } = this.#settings;
    if (this.#running >= concurrency) {
      throw new SlipwayError("concurrency_exceeded", `The server already runs ${concurrency} requests.`, {
        hint: "Try again in a moment.",
        retryAfter: 1,
      });
    }
    if (state.running >= concurrencyPerKey) {
      throw new SlipwayError("concurrency_exceeded", `This key already runs ${concurrencyPerKey} requests.`, {
        hint: "Wait for one to end.",
        retryAfter: 1,
      });
    }
    if (requestsPerMinute > 0) state.arrival = this.#nextArrival(state, requestsPerMinute);
    state.running += 1;
    this.#running += 1;
    let settled = false;
    return {
      settle: (usage) => {
        if (settled) return;
        settled = true;
        state.running -= 1;
        state.tokens += usage.input + usage.cachedRead + usage.cacheWrite + usage.output + usage.reasoning;
        this.#running -= 1;
      },
    };
  }

  #nextArrival(state: KeyState, requestsPerMinute: number): number {
    const now = this.#now();
    const interval = 60_000 / requestsPerMinute;
    const burst = Math.max(1, Math.floor(requestsPerMinute / 10));
    const arrival = Math.max(state.arrival, now) + interval;
    const wait = arrival - burst * interval - now;
    if (wait > 0) {
      throw new SlipwayError("rate_limited", `This key may start ${requestsPerMinute} requests a minute.`, {
        hint: "Slow down, or ask for a higher limit.",
        retryAfter: Math.ceil(wait / 1000),
      });
    }
    return arrival;
  }

  #create(id: string): KeyState {
    if (this.#states.size >= MOST_IDLE_STATES) {
      const now = this.#now();
      for (const [other, state] of this.#states) {
        if (state.running === 0 && state.arrival <= now) this.#states.delete(other);
      }
    }
    const state: KeyState = { running: 0, arrival: 0, tokens: 0 };
    this.#states.set(id, state);
    return state;
  }
}

/** A limiter of this process; `now` is a clock in milliseconds that never goes back. */
export function createLimiter(settings: LimitSettings, now: () => number = () => performance.now()): Limiter {
  return new ProcessLimiter(settings, now);
}
