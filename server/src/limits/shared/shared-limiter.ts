import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import type { Lease, LimitedKey, Limiter, LimitSettings } from "../limiter.ts";
import { keyFull, serverFull, tooOften } from "../refusals.ts";
import type { BrokerLine, Grant, Recall, Refusal, ToWorker } from "./messages.ts";

interface Waiter {
  readonly resolve: (lease: Lease) => void;
  readonly reject: (error: SlipwayError) => void;
}

interface KeyState {
  readonly key: string;
  running: number;
  tokens: number;
  /** Granted to this worker, those in use included. */
  places: number;
  permits: number;
  readonly waiting: Waiter[];
  /** The ask that is on its way; 0: none. */
  asked: number;
  forget: (() => void) | undefined;
  refusal: { readonly by: Refusal["by"]; readonly until: number } | undefined;
}

/** What a worker's limiter needs. */
export interface SharedLimiterOptions {
  readonly limits: LimitSettings;
  readonly line: BrokerLine;
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
  readonly later?: (ms: number, run: () => void) => () => void;
}

// A broker that has not answered by then is not waited for: its process is frozen or gone.
const ANSWER_MS = 1000;
const MOST_WAITING = 1000;
const MOST_IDLE_STATES = 10_000;

function laterByTimer(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/** Admits from what this worker was granted, and asks the broker when that does not suffice. */
class SharedLimiter implements Limiter {
  readonly #limits: LimitSettings;
  readonly #line: BrokerLine;
  readonly #now: () => number;
  readonly #later: (ms: number, run: () => void) => () => void;
  readonly #states = new Map<string, KeyState>();
  #running = 0;
  /** Places of the server's that this worker was granted. */
  #total = 0;
  #asks = 0;

  constructor(options: SharedLimiterOptions) {
    this.#limits = options.limits;
    this.#line = options.line;
    this.#now = options.now ?? (() => performance.now());
    this.#later = options.later ?? laterByTimer;
    options.line.receive((message) => this.#message(message));
  }

  get inFlight(): number {
    return this.#running;
  }

  admit(key: LimitedKey): Lease | Promise<Lease> {
    const id = `${key.tenantId}/${key.keyId}`;
    const state = this.#states.get(id) ?? this.#create(id);
    if (state.waiting.length === 0 && this.#fits(state)) return this.#take(state);
    if (state.refusal) {
      const waitMs = state.refusal.until - this.#now();
      if (waitMs > 0) throw this.#error(state.refusal.by, waitMs);
      state.refusal = undefined;
    }
    if (state.waiting.length >= MOST_WAITING) throw keyFull(this.#limits.concurrencyPerKey);
    return new Promise((resolve, reject) => {
      state.waiting.push({ resolve, reject });
      if (state.asked === 0) this.#ask(state);
    });
  }

  #fits(state: KeyState): boolean {
    if (this.#running >= this.#total || state.running >= state.places) return false;
    return this.#limits.requestsPerMinute === 0 || state.permits > 0;
  }

  #take(state: KeyState): Lease {
    state.running += 1;
    this.#running += 1;
    if (state.permits > 0) state.permits -= 1;
    let settled = false;
    return {
      settle: (usage: Usage) => {
        if (settled) return;
        settled = true;
        state.running -= 1;
        this.#running -= 1;
        state.tokens += usage.input + usage.cachedRead + usage.cacheWrite + usage.output + usage.reasoning;
        // There is room again, here and now; how often a key may start is no matter of room.
        if (state.refusal && state.refusal.by !== "rate") state.refusal = undefined;
        if (state.waiting.length > 0) this.#serve(state);
      },
    };
  }

  #serve(state: KeyState): void {
    while (state.waiting.length > 0 && this.#fits(state)) state.waiting.shift()?.resolve(this.#take(state));
  }

  #ask(state: KeyState): void {
    const count = state.waiting.length;
    const seq = (this.#asks += 1);
    state.asked = seq;
    state.forget = this.#later(ANSWER_MS, () => this.#unanswered(state));
    this.#line.send({
      kind: "ask",
      key: state.key,
      seq,
      total: Math.max(0, count - (this.#total - this.#running)),
      places: Math.max(0, count - (state.places - state.running)),
      permits: this.#limits.requestsPerMinute === 0 ? 0 : Math.max(0, count - state.permits),
    });
  }

  #message(message: ToWorker): void {
    if (message.kind === "recall") this.#giveBack(message);
    else this.#granted(message);
  }

  #granted(grant: Grant): void {
    // What is granted late is granted all the same. States are kept while they ask or have places.
    const state = this.#states.get(grant.key) ?? this.#create(grant.key);
    this.#total += grant.total;
    state.places += grant.places;
    if (state.asked !== grant.seq) return;
    state.asked = 0;
    state.forget?.();
    state.permits += grant.permits;
    this.#serve(state);
    state.permits = Math.min(state.permits, grant.keep);
    if (state.waiting.length === 0) return;
    if (grant.refusal) this.#refuse(state, grant.refusal);
    else this.#ask(state);
  }

  #refuse(state: KeyState, refusal: Refusal): void {
    state.refusal = { by: refusal.by, until: this.#now() + refusal.waitMs };
    for (const waiter of state.waiting.splice(0)) waiter.reject(this.#error(refusal.by, refusal.waitMs));
  }

  #unanswered(state: KeyState): void {
    state.asked = 0;
    const error = new SlipwayError("overloaded", "The limits of this key were not told in time.", {
      hint: "Try again in a moment.",
      retryAfter: 1,
    });
    for (const waiter of state.waiting.splice(0)) waiter.reject(error);
  }

  #giveBack(recall: Recall): void {
    const { key, seq } = recall;
    const state = this.#states.get(key);
    const total = idleFor(recall.total, this.#total - this.#running);
    const places = state ? idleFor(recall.places, state.places - state.running) : 0;
    this.#total -= total;
    if (state) state.places -= places;
    this.#line.send({ kind: "give", key, total, places, answers: seq });
  }

  #error(by: Refusal["by"], waitMs: number): SlipwayError {
    const { concurrency, concurrencyPerKey, requestsPerMinute } = this.#limits;
    if (by === "server") return serverFull(concurrency);
    return by === "key" ? keyFull(concurrencyPerKey) : tooOften(requestsPerMinute, waitMs);
  }

  #create(key: string): KeyState {
    if (this.#states.size >= MOST_IDLE_STATES) this.#dropIdle();
    const state: KeyState = {
      key,
      running: 0,
      tokens: 0,
      places: 0,
      permits: 0,
      waiting: [],
      asked: 0,
      forget: undefined,
      refusal: undefined,
    };
    this.#states.set(key, state);
    return state;
  }

  #dropIdle(): void {
    for (const [key, state] of this.#states) {
      if (state.running > 0 || state.asked > 0 || state.waiting.length > 0) continue;
      this.#states.delete(key);
      if (state.places > 0) this.#line.send({ kind: "give", key, total: 0, places: state.places, answers: 0 });
    }
  }
}

/** How many of the idle places go to another worker: what it needs, and half of what is left over the need's bound. */
function idleFor(need: number, idle: number): number {
  return need === 0 ? 0 : Math.min(idle, Math.max(need, Math.ceil(idle / 2)));
}

/** The limiter of a worker. */
export function createSharedLimiter(options: SharedLimiterOptions): Limiter {
  return new SharedLimiter(options);
}
