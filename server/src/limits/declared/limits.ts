import type { SharedLimits } from "#store/shared-limits.ts";
import type { LimitedCaller } from "./counter.ts";
import { DistributedLimits } from "./distributed-limits.ts";
import { LocalLimits, type LimitServices } from "./local-limits.ts";
import { type LimitedAct, type LimitSources, LimitTable, type Plan } from "./plan.ts";
import type { Demand, Reservation } from "./reservation.ts";
import { type Standing, standingOf } from "./standing.ts";

/** The limits that are declared, in force in this process. */
export interface DeclaredLimits {
  /** No limit is declared at all. */
  readonly empty: boolean;
  /** What holds for this call; null: nothing does, and nothing has to be asked or settled. */
  find(caller: LimitedCaller, act: LimitedAct): Plan | null;
  /**
   * Takes from every limit of the plan, or throws or rejects and takes from none: `rate_limited`, `tokens_limited`,
   * `concurrency_exceeded`, `budget_exceeded`, `price_unknown` or `limits_unavailable`.
   */
  reserve(plan: Plan, demand: Demand): Reservation | Promise<Reservation>;
  /** How the limit of the plan stands that is nearest to its end, for headers; undefined: none of them counts in minutes. */
  standing(plan: Plan): Standing | undefined;
  /** Puts other limits in force; what was counted stays. */
  set(sources: Partial<LimitSources>): void;
  readonly version: string;
  /** Settles what can be settled. */
  close(): Promise<void>;
}

/** How processes keep limits together. */
export interface TogetherSettings {
  /** The common counts; undefined: there are none. */
  readonly shared: { readonly counts: SharedLimits; readonly leaseMs: number } | undefined;
  /** Processes that serve together, on any machine. */
  readonly processes: number;
}

class Declared implements DeclaredLimits {
  readonly #services: LimitServices;
  readonly #table = new LimitTable();
  readonly #engine: LocalLimits | DistributedLimits;
  readonly #share: number;

  constructor(services: LimitServices, { shared, processes }: TogetherSettings) {
    this.#services = services;
    this.#share = 1 / processes;
    this.#engine = shared
      ? new DistributedLimits(services, { shared: shared.counts, processes, leaseMs: shared.leaseMs })
      : new LocalLimits(services, { share: this.#share, apart: processes > 1 });
  }

  get empty(): boolean {
    return this.#table.empty;
  }

  get version(): string {
    return this.#table.version;
  }

  find(caller: LimitedCaller, act: LimitedAct): Plan | null {
    return this.#table.empty ? null : this.#table.find(caller, act, this.#services.clock());
  }

  reserve(plan: Plan, demand: Demand): Reservation | Promise<Reservation> {
    return this.#engine.reserve(plan, demand);
  }

  standing(plan: Plan): Standing | undefined {
    const clock = this.#services.clock();
    let tightest: Standing | undefined;
    for (const { counter } of plan.entries) {
      const { requestsPerMinute, tokensPerMinute } = counter.rule;
      if (requestsPerMinute + tokensPerMinute === 0) continue;
      const standing = standingOf(counter, clock, this.#share);
      if (tightest === undefined || leftOf(standing) < leftOf(tightest)) tightest = standing;
    }
    return tightest;
  }

  set(sources: Partial<LimitSources>): void {
    this.#table.set(sources);
  }

  async close(): Promise<void> {
    if (this.#engine instanceof DistributedLimits) await this.#engine.close();
  }
}

/** The share that is left of the bucket that is nearer to its end. */
function leftOf({ requests, tokens }: Standing): number {
  return Math.min(
    requests === undefined ? 1 : requests.remaining / requests.limit,
    tokens === undefined ? 1 : tokens.remaining / tokens.limit,
  );
}

/** Limits without any declared yet. */
export function createDeclaredLimits(services: LimitServices, together: TogetherSettings): DeclaredLimits {
  return new Declared(services, together);
}
