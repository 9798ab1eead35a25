import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Provider } from "#providers/provider.ts";
import { BoundedMap } from "#lib/bounded-map.ts";
import { type BreakerState, CircuitBreaker, DEFAULT_BREAKER } from "#lib/circuit-breaker.ts";
import { PeakLatency } from "#lib/peak-latency.ts";
import { RetryBudget, type RetryBudgetSettings } from "#lib/retry-budget.ts";
import { HEDGE_RATIO, LEAST_HEDGES, LEAST_RETRIES, RETRY_RATIO } from "./policy.ts";

/** How an attempt ended. `superseded`: the other one of two hedged attempts was first. */
export type AttemptOutcome = "ok" | "error" | "timeout" | "rate_limited" | "rejected" | "aborted" | "superseded";

/** Attempts by how they ended. Plain numbers, read when somebody asks for the metrics: an attempt costs one addition. */
export type AttemptCounts = Record<AttemptOutcome, number>;

function noAttempts(): AttemptCounts {
  return { ok: 0, error: 0, timeout: 0, rate_limited: 0, rejected: 0, aborted: 0, superseded: 0 };
}

/** What all targets of one provider share. */
export class ProviderState {
  readonly name: string;
  /** A bit of its own among the providers, for sets of them in a number. */
  readonly bit: number;
  readonly retries: RetryBudget;
  readonly hedges = new RetryBudget({ ratio: HEDGE_RATIO, least: LEAST_HEDGES });
  /** Of targets that no route names: their names are the clients' and no label. */
  readonly counts = noAttempts();

  constructor(name: string, index: number, retries: RetryBudgetSettings) {
    this.name = name;
    this.retries = new RetryBudget(retries);
    this.bit = 1 << (index % 31);
  }
}

/** What is known of one target's health. Outlives the routes that name it: a reload forgets nothing. */
export class TargetState {
  readonly provider: ProviderState;
  readonly breaker: CircuitBreaker;
  readonly latency = new PeakLatency();
  /** Left alone until then, on the monotonic clock. */
  coolUntil = 0;
  /** Attempts that run. */
  inFlight = 0;
  lastFailure: SlipwayError | undefined;

  constructor(provider: ProviderState, onChange: (from: BreakerState, to: BreakerState, openMs: number) => void) {
    this.provider = provider;
    this.breaker = new CircuitBreaker(DEFAULT_BREAKER, onChange);
  }

  /** Whether an attempt may begin now. */
  admits(now: number): boolean {
    return now >= this.coolUntil && this.breaker.admits(now);
  }

  /** Milliseconds until an attempt may begin; 0 when one may now. */
  admitsIn(now: number): number {
    return Math.max(this.coolUntil - now, this.breaker.opensIn(now), 0);
  }
}

/** A breaker that changed. */
export interface BreakerChange {
  readonly provider: string;
  readonly model: string;
  /** The metric's label: the target where a route names it, else the provider. */
  readonly label: string;
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly openMs: number;
  readonly last: SlipwayError | undefined;
}

// Names of models come from clients, so what is kept for each is bounded; a state that is in use stays with its route.
const MOST_STATES = 10_000;
/** Targets that have counts of their own; routes that name more share those of their provider. */
const MOST_LABELS = 500;

const DEFAULT_RETRIES: RetryBudgetSettings = { ratio: RETRY_RATIO, least: LEAST_RETRIES };

/** The states of all targets and providers. */
export class TargetStates {
  readonly #providers = new Map<string, ProviderState>();
  readonly #states = new BoundedMap<string, TargetState>(MOST_STATES);
  readonly #counts = new Map<string, AttemptCounts>();
  readonly #onChange: (change: BreakerChange) => void;
  readonly #retries: RetryBudgetSettings;

  constructor(onChange: (change: BreakerChange) => void, retries: RetryBudgetSettings = DEFAULT_RETRIES) {
    this.#onChange = onChange;
    this.#retries = retries;
  }

  provider(provider: Provider): ProviderState {
    let state = this.#providers.get(provider.name);
    if (!state) {
      state = new ProviderState(provider.name, this.#providers.size, this.#retries);
      this.#providers.set(provider.name, state);
    }
    return state;
  }

  of(provider: Provider, model: string): TargetState {
    const key = `${provider.name}/${model}`;
    const known = this.#states.get(key);
    if (known) return known;
    const state: TargetState = new TargetState(this.provider(provider), (from, to, openMs) => {
      const label = this.#counts.has(key) ? key : provider.name;
      this.#onChange({ provider: provider.name, model, label, from, to, openMs, last: state.lastFailure });
    });
    this.#states.set(key, state);
    return state;
  }

  /** The counts of a target that a route names. */
  countsOf(provider: Provider, model: string): AttemptCounts {
    const key = `${provider.name}/${model}`;
    let counts = this.#counts.get(key);
    if (!counts) {
      if (this.#counts.size >= MOST_LABELS) return this.provider(provider).counts;
      counts = noAttempts();
      this.#counts.set(key, counts);
    }
    return counts;
  }

  /** Every label with its counts. */
  *attempts(): Iterable<readonly [label: string, counts: AttemptCounts]> {
    for (const [name, { counts }] of this.#providers) yield [name, counts];
    yield* this.#counts;
  }
}
