import type { Usage } from "@slipway/contracts/model/usage.ts";
import { keyFull, serverFull, tooOften } from "./refusals.ts";

/** What may run at once and how often. */
export interface LimitSettings {
  /** Requests that the server runs at once, in all of its workers. */
  readonly concurrency: number;
  /** Requests that one key runs at once, in all of them. */
  readonly concurrencyPerKey: number;
  /** Requests that one key may start in a minute; 0: as many as it likes. A key that was idle may start a tenth of them at once. */
  readonly requestsPerMinute: number;
}

/** A place that admission gave. Settling gives it back; a second time changes nothing. */
export interface Lease {
  settle(usage: Usage): void;
}

/** Whose requests are counted together. */
export interface LimitedKey {
  readonly tenantId: string;
  readonly keyId: string;
}

export interface Limiter {
  /**
   * Takes a place for this key, or throws `rate_limited` or `concurrency_exceeded` and takes nothing. Where workers share their
   * limits it may have to be asked for: then a promise, that rejects with the same codes or `overloaded`.
   */
  admit(key: LimitedKey): Lease | Promise<Lease>;
  /** Requests that run in this process now. */
  readonly inFlight: number;
}

/** A limiter that has nobody to ask. */
interface OwnLimiter extends Limiter {
  admit(key: LimitedKey): Lease;
}

interface KeyState {
  running: number;
  /** Theoretical arrival time of the generic cell rate algorithm, in milliseconds of the clock. */
  arrival: number;
  tokens: number;
}

// States of keys that are idle are dropped when there are this many.
const MOST_IDLE_STATES = 10_000;

/** Requests that a key which was idle may start at once. */
export function burstOf(requestsPerMinute: number): number {
  return Math.max(1, Math.floor(requestsPerMinute / 10));
}

/** Limits of a process that is alone. Checks everything first and takes only when nothing refuses. */
class ProcessLimiter implements OwnLimiter {
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

  admit(key: LimitedKey): Lease {
    const id = `${key.tenantId}/${key.keyId}`;
    const state = this.#states.get(id) ?? this.#create(id);
    const { concurrency, concurrencyPerKey, requestsPerMinute } = this.#settings;
    if (this.#running >= concurrency) throw serverFull(concurrency);
    if (state.running >= concurrencyPerKey) throw keyFull(concurrencyPerKey);
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
    const arrival = Math.max(state.arrival, now) + interval;
    const wait = arrival - burstOf(requestsPerMinute) * interval - now;
    if (wait > 0) throw tooOften(requestsPerMinute, wait);
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
export function createLimiter(settings: LimitSettings, now: () => number = () => performance.now()): OwnLimiter {
  return new ProcessLimiter(settings, now);
}
