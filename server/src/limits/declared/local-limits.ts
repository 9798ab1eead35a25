import { SlipwayError } from "@slipway/contracts/errors.ts";
import { type BudgetWindow, type Counter, drained, drainMs } from "./counter.ts";
import type { Plan, PlanEntry } from "./plan.ts";
import { budgetClosed, refusalOf, unknownPrice } from "./refusal.ts";
import { type Demand, Reservation, type ReservationKeeper, type ReservedMoney } from "./reservation.ts";
import type { NanoDollars } from "./rule.ts";

/** What a budget window has spent by the ledger: by its calls that were booked before this time, in ms; absent: by all. */
export type ReadSpent = (window: BudgetWindow, before?: number) => Promise<NanoDollars>;

/** What limits are told by and where they tell. */
export interface LimitServices {
  /** Milliseconds of a clock that never goes back. */
  readonly clock: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly readSpent: ReadSpent;
  /** A window's spent money went from one sum to another. */
  readonly onSpent: (window: BudgetWindow, before: NanoDollars, after: NanoDollars) => void;
}

const NO_MONEY: readonly ReservedMoney[] = [];

/** The worst of one attempt by this budget. Throws `price_unknown` where it does not take a price that nobody knows. */
export function worstFor(counter: Counter, demand: Demand): NanoDollars {
  if (demand.worst !== null) return demand.worst;
  const { budget } = counter.rule;
  if (budget?.unknown === undefined) throw unknownPrice(counter);
  return budget.unknown;
}

/** What is charged to a window for a reservation that has ended. */
export function chargeOf(reservation: Reservation, { amount }: ReservedMoney): NanoDollars {
  return reservation.cost(amount);
}

/** Reads what was spent before this process counted, once for each window. */
function loadWindow(services: LimitServices, window: BudgetWindow): Promise<void> {
  window.loading ??= services
    .readSpent(window)
    .then((spent) => {
      window.spent += spent;
      window.loaded = true;
    })
    .finally(() => (window.loading = undefined));
  return window.loading;
}

/** A process that keeps limits by itself. */
export interface LocalSettings {
  /** This process's part of every rate and concurrency. */
  readonly share: number;
  /** Others spend beside this process and cannot be asked: money comes from what was set aside before, and from nothing else. */
  readonly apart: boolean;
}

const ALONE: LocalSettings = { share: 1, apart: false };

/**
 * Limits that this process keeps by itself. Everything is checked before anything is taken, in one turn of the event loop, so no
 * two requests are let in on the same room.
 */
export class LocalLimits implements ReservationKeeper {
  readonly #services: LimitServices;
  readonly #share: number;
  readonly #apart: boolean;

  constructor(services: LimitServices, { share, apart }: LocalSettings = ALONE) {
    this.#services = services;
    this.#share = share;
    this.#apart = apart;
  }

  /** A promise only where a window's money has to be looked up first. Throws or rejects with what refuses, and takes nothing then. */
  reserve(plan: Plan, demand: Demand): Reservation | Promise<Reservation> {
    const waiting = plan.hasBudget && !this.#apart ? this.#unloaded(plan) : undefined;
    return waiting === undefined ? this.#reserve(plan, demand) : this.#afterLoading(waiting, plan, demand);
  }

  release({ plan }: Reservation): void {
    for (const { counter, counts } of plan.entries) if (counts) counter.running -= 1;
  }

  finish(reservation: Reservation): void {
    const clock = this.#services.clock();
    const { plan, demand, attempts } = reservation;
    const more = reservation.usedTokens - demand.tokens;
    for (const { counter, spends } of plan.entries) {
      const { tokensPerMinute } = counter.rule;
      if (spends && tokensPerMinute > 0 && more !== 0) fillTokens(counter, tokensPerMinute * this.#share, clock, more);
    }
    for (const money of reservation.money) {
      const { window, amount } = money;
      const cost = chargeOf(reservation, money);
      if (money.fromAllowance) {
        window.allowance?.settle(amount * attempts, cost, reservation.bookedAt);
        continue;
      }
      window.reserved -= amount * attempts;
      window.spent += cost;
      this.#services.onSpent(window, window.spent - cost, window.spent);
    }
  }

  extend(reservation: Reservation): boolean {
    const clock = this.#services.clock();
    if (!reservation.money.every((money) => hasRoom(money, 1, clock))) return false;
    for (const money of reservation.money) hold(money, 1);
    reservation.attempts += 1;
    return true;
  }

  #unloaded(plan: Plan): BudgetWindow[] | undefined {
    const now = this.#services.now();
    let missing: BudgetWindow[] | undefined;
    for (const { counter, spends } of plan.entries) {
      if (!spends) continue;
      for (const window of counter.windows(now)) if (!window.loaded) (missing ??= []).push(window);
    }
    return missing;
  }

  async #afterLoading(windows: readonly BudgetWindow[], plan: Plan, demand: Demand): Promise<Reservation> {
    try {
      await Promise.all(windows.map((window) => loadWindow(this.#services, window)));
    } catch (error) {
      const [first] = windows;
      if (first === undefined || !(error instanceof SlipwayError)) throw error;
      throw budgetClosed(first.counter, "the ledger cannot be read");
    }
    // A window may have ended meanwhile.
    return this.reserve(plan, demand);
  }

  #reserve(plan: Plan, demand: Demand): Reservation {
    const clock = this.#services.clock();
    for (const entry of plan.entries) this.#checkCounts(entry, clock, demand);
    const money = plan.hasBudget ? this.#money(plan, demand, clock) : NO_MONEY;
    for (const { counter, counts, spends } of plan.entries) {
      const { requestsPerMinute, tokensPerMinute } = counter.rule;
      counter.usedAt = clock;
      if (counts) {
        counter.running += 1;
        if (requestsPerMinute > 0) fillRequests(counter, requestsPerMinute * this.#share, clock);
      }
      if (spends && tokensPerMinute > 0) fillTokens(counter, tokensPerMinute * this.#share, clock, demand.tokens);
    }
    for (const each of money) hold(each, demand.attempts);
    return new Reservation(this, plan, demand, money, undefined);
  }

  #checkCounts({ counter, counts, spends }: PlanEntry, clock: number, { tokens }: Demand): void {
    const { requestsPerMinute, tokensPerMinute, concurrency } = counter.rule;
    const share = this.#share;
    if (counts && concurrency > 0 && counter.running + 1 > Math.max(1, Math.floor(concurrency * share)))
      throw refusalOf({ kind: "concurrency", counter, waitMs: 1000 });
    if (counts && requestsPerMinute > 0) {
      const limit = requestsPerMinute * share;
      const over = drained(counter.requests, limit, clock - counter.requestsAt) + 1 - Math.max(1, limit);
      if (over > 0) throw refusalOf({ kind: "requests", counter, waitMs: drainMs(over, limit) });
    }
    if (!spends || tokensPerMinute === 0) return;
    const limit = tokensPerMinute * share;
    const level = drained(counter.tokens, limit, clock - counter.tokensAt);
    // What is larger than the whole of a share alone is let in when the share is empty, or it would never be.
    const room = share < 1 && level === 0 ? tokensPerMinute : limit;
    if (level + tokens > room)
      throw refusalOf({ kind: "tokens", counter, waitMs: drainMs(level + tokens - limit, limit) });
  }

  #money(plan: Plan, demand: Demand, clock: number): readonly ReservedMoney[] {
    const now = this.#services.now();
    const money: ReservedMoney[] = [];
    for (const { counter, spends } of plan.entries) {
      if (!spends || counter.rule.budget === undefined) continue;
      const amount = worstFor(counter, demand);
      for (const window of counter.windows(now)) {
        const wanted: ReservedMoney = { window, amount, fromAllowance: this.#apart };
        if (hasRoom(wanted, demand.attempts, clock)) money.push(wanted);
        else if (wanted.fromAllowance)
          throw budgetClosed(counter, "what was set aside to go on without Redis is spent");
        else throw refusalOf({ kind: "money", window, now });
      }
    }
    return money;
  }
}

function hasRoom({ window, amount, fromAllowance }: ReservedMoney, attempts: number, clock: number): boolean {
  if (fromAllowance) return amount === 0 || (window.allowance?.hasRoom(amount * attempts, clock) ?? false);
  return window.spent + window.reserved + amount * attempts <= window.cap;
}

function hold({ window, amount, fromAllowance }: ReservedMoney, attempts: number): void {
  if (fromAllowance) window.allowance?.hold(amount * attempts);
  else window.reserved += amount * attempts;
}

function fillRequests(counter: Counter, limit: number, clock: number): void {
  counter.requests = drained(counter.requests, limit, clock - counter.requestsAt) + 1;
  counter.requestsAt = clock;
}

/** `tokens` may be less than 0: what was reserved and not used goes back. */
function fillTokens(counter: Counter, limit: number, clock: number, tokens: number): void {
  counter.tokens = Math.max(0, drained(counter.tokens, limit, clock - counter.tokensAt) + tokens);
  counter.tokensAt = clock;
}
