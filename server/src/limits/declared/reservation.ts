import type { Usage } from "@slipway/contracts/model/usage.ts";
import type { Lease } from "../limiter.ts";
import type { BudgetWindow } from "./counter.ts";
import type { Plan } from "./plan.ts";
import { type NanoDollars, nanoOfPico } from "./rule.ts";

/** What a request wants to use at most. */
export interface Demand {
  /** Tokens that it will probably use, prompt and answer together. */
  readonly tokens: number;
  /** The most that one attempt can cost; null: nobody knows. */
  readonly worst: NanoDollars | null;
  /** Attempts that may run at once. */
  readonly attempts: number;
}

/** Asks for nothing but to be counted. */
export const NO_DEMAND: Demand = { tokens: 0, worst: 0, attempts: 1 };

/** The money of one request, told by whoever calls models for it. A call of a model is begun once and booked once. */
export interface Charge {
  /** A call of a model begins. */
  begin(): void;
  /** A call has ended and cost so many pico-dollars; null: nobody knows. `at` is the time of its line in the ledger, in ms. */
  booked(cost: number | null, usage: Usage, at: number): void;
  /** Makes sure that there is money for one more call beside those that were begun; false: there is none. */
  further(): boolean;
}

/** Where a reservation came from and goes back to. */
export interface ReservationKeeper {
  /** The request is over: its place is free. */
  release(reservation: Reservation): void;
  /** Everything that was begun is booked. Called once. */
  finish(reservation: Reservation): void;
  /** Reserves the worst of one more attempt; false: there is no money. */
  extend(reservation: Reservation): boolean;
}

/** Money of one window that is set aside for a request. */
export interface ReservedMoney {
  readonly window: BudgetWindow;
  /** Of one attempt. */
  readonly amount: NanoDollars;
  /** Taken from what is set aside for the time without Redis, not from the window itself. */
  readonly fromAllowance: boolean;
}

/** What one request was given of its limits. It is settled when its client's request is over and every call of it is booked. */
export class Reservation implements Lease, Charge {
  readonly plan: Plan;
  readonly demand: Demand;
  readonly money: readonly ReservedMoney[];
  /** Names what was reserved elsewhere; undefined: it is of this process alone. */
  readonly leaseId: string | undefined;
  /** Attempts whose worst price is reserved. */
  attempts: number;
  usedTokens = 0;
  /** When the last of its calls was booked. */
  bookedAt = 0;
  readonly #keeper: ReservationKeeper;
  #cost: NanoDollars = 0;
  #unknown = 0;
  #open = 0;
  #closed = false;
  #finished = false;

  constructor(
    keeper: ReservationKeeper,
    plan: Plan,
    demand: Demand,
    money: readonly ReservedMoney[],
    leaseId: string | undefined,
  ) {
    this.#keeper = keeper;
    this.plan = plan;
    this.demand = demand;
    this.attempts = demand.attempts;
    this.money = money;
    this.leaseId = leaseId;
  }

  /** What the request has cost, where a call of unknown cost counts as `unknown`. */
  cost(unknown: NanoDollars): NanoDollars {
    return this.#cost + this.#unknown * unknown;
  }

  begin(): void {
    this.#open += 1;
  }

  booked(cost: number | null, usage: Usage, at: number): void {
    this.#open -= 1;
    this.bookedAt = at;
    if (cost === null) this.#unknown += 1;
    else this.#cost += nanoOfPico(cost);
    this.usedTokens += usage.input + usage.cachedRead + usage.cacheWrite + usage.output + usage.reasoning;
    this.#finish();
  }

  further(): boolean {
    if (this.money.length === 0) return true;
    const { worst } = this.demand;
    const used = this.#unknown + (worst !== null && worst > 0 ? Math.ceil(this.#cost / worst) : 0);
    if (used + this.#open + 1 <= this.attempts) return true;
    return this.#keeper.extend(this);
  }

  /** The client's request is over. What still runs without it is charged when it ends. */
  settle(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#keeper.release(this);
    this.#finish();
  }

  #finish(): void {
    if (this.#finished || !this.#closed || this.#open > 0) return;
    this.#finished = true;
    this.#keeper.finish(this);
  }
}
