import type { LimitSettings } from "../limiter.ts";
import type { Ask, Give, Refusal, ToBroker, ToWorker } from "./messages.ts";
import { PermitRate } from "./permits.ts";
import { PlacePool } from "./place-pool.ts";

/** Keeps the limits of a server for all of its workers. */
export interface Broker {
  message(worker: number, message: ToBroker): void;
  /** The worker has ended, and everything that it held is free. */
  gone(worker: number): void;
}

interface Waiting extends Ask {
  readonly worker: number;
}

interface KeyState {
  readonly pool: PlacePool;
  arrival: number;
  /** Asks in the order of their coming; the first is being served. */
  readonly asks: Waiting[];
  /** The recall that the first ask waits for. */
  recall: { readonly seq: number; readonly awaited: Set<number>; readonly cancel: () => void } | undefined;
}

/** What a broker needs beside its settings. */
export interface BrokerOptions {
  readonly limits: LimitSettings;
  readonly workers: number;
  readonly send: (worker: number, message: ToWorker) => void;
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
  /** Runs something later; answers how to forget it. */
  readonly later?: (ms: number, run: () => void) => () => void;
}

// A worker that does not answer a recall keeps what it has; the others do not wait for it longer than this.
const RECALL_MS = 100;
// A full limit is not asked about again for so long: a client that hammers costs no message a request.
const FULL_MS = 20;
const MOST_IDLE_KEYS = 10_000;

function laterByTimer(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/**
 * Grants places and permits such that the sum over the workers never passes a limit. When none are free those that lie idle
 * elsewhere are called in first, so that a request is refused only when the server as a whole has no room.
 */
class LimitBroker implements Broker {
  readonly #options: BrokerOptions;
  readonly #now: () => number;
  readonly #later: (ms: number, run: () => void) => () => void;
  readonly #total: PlacePool;
  readonly #rate: PermitRate | undefined;
  readonly #keys = new Map<string, KeyState>();
  #recalls = 0;

  constructor(options: BrokerOptions) {
    const { limits, workers } = options;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#later = options.later ?? laterByTimer;
    this.#total = new PlacePool(limits.concurrency, workers);
    this.#rate = limits.requestsPerMinute > 0 ? new PermitRate(limits.requestsPerMinute, workers) : undefined;
  }

  message(worker: number, message: ToBroker): void {
    if (message.kind === "give") {
      this.#take(worker, message);
      return;
    }
    const state = this.#keys.get(message.key) ?? this.#create(message.key);
    state.asks.push({ ...message, worker });
    if (state.asks.length === 1) this.#serve(state);
  }

  gone(worker: number): void {
    this.#total.gone(worker);
    for (const state of this.#keys.values()) {
      state.pool.gone(worker);
      const [first] = state.asks;
      const left = state.asks.filter((ask) => ask.worker !== worker);
      state.asks.splice(0, state.asks.length, ...left);
      if (first && first.worker === worker) {
        this.#endRecall(state);
        this.#serve(state);
      } else this.#answered(state, worker);
    }
  }

  #take(worker: number, { key, total, places, answers }: Give): void {
    this.#total.give(worker, total);
    const state = this.#keys.get(key);
    state?.pool.give(worker, places);
    if (state?.recall && state.recall.seq === answers) this.#answered(state, worker);
  }

  #serve(state: KeyState): void {
    const [ask] = state.asks;
    if (!ask) return;
    const total = Math.max(0, ask.total - this.#total.free);
    const places = Math.max(0, ask.places - state.pool.free);
    const awaited = new Set([...(total > 0 ? this.#total.holders() : []), ...(places > 0 ? state.pool.holders() : [])]);
    awaited.delete(ask.worker);
    if (awaited.size === 0) {
      this.#grant(state, ask);
      return;
    }
    const seq = (this.#recalls += 1);
    const cancel = this.#later(RECALL_MS, () => this.#called(state));
    state.recall = { seq, awaited, cancel };
    for (const worker of awaited) this.#options.send(worker, { kind: "recall", key: ask.key, seq, total, places });
  }

  #answered(state: KeyState, worker: number): void {
    if (state.recall?.awaited.delete(worker) && state.recall.awaited.size === 0) this.#called(state);
  }

  #called(state: KeyState): void {
    this.#endRecall(state);
    const [ask] = state.asks;
    if (ask) this.#grant(state, ask);
  }

  #endRecall(state: KeyState): void {
    state.recall?.cancel();
    state.recall = undefined;
  }

  #grant(state: KeyState, ask: Waiting): void {
    const total = this.#total.take(ask.worker, ask.total);
    const places = state.pool.take(ask.worker, ask.places);
    const missing = Math.max(0, ask.total - total, ask.places - places);
    let refusal: Refusal | undefined;
    if (places < ask.places) refusal = { by: "key", waitMs: FULL_MS };
    else if (total < ask.total) refusal = { by: "server", waitMs: FULL_MS };
    let permits = 0;
    // Whoever is refused a place takes nothing of the rate.
    const need = Math.max(0, ask.permits - missing);
    if (this.#rate && need > 0) {
      const taken = this.#rate.take(state.arrival, this.#now(), need);
      permits = taken.permits;
      state.arrival = taken.arrival;
      if (permits < need) refusal ??= { by: "rate", waitMs: taken.waitMs };
    }
    state.asks.shift();
    const { key, seq, worker } = ask;
    const keep = this.#rate?.keep ?? 0;
    const grant = { kind: "grant", key, seq, total, places, permits, keep } as const;
    this.#options.send(worker, refusal ? { ...grant, refusal } : grant);
    this.#serve(state);
  }

  #create(key: string): KeyState {
    if (this.#keys.size >= MOST_IDLE_KEYS) {
      const now = this.#now();
      for (const [other, state] of this.#keys) {
        if (state.pool.idle && state.asks.length === 0 && state.arrival <= now) this.#keys.delete(other);
      }
    }
    const { limits, workers } = this.#options;
    const pool = new PlacePool(limits.concurrencyPerKey, workers);
    const state: KeyState = { pool, arrival: 0, asks: [], recall: undefined };
    this.#keys.set(key, state);
    return state;
  }
}

/** A broker for so many workers. */
export function createBroker(options: BrokerOptions): Broker {
  return new LimitBroker(options);
}
