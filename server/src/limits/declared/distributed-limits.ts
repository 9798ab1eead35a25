import { randomUUID } from "node:crypto";
import type { Hold, SharedAnswer, SharedEntry, SharedLimits } from "#store/shared-limits.ts";
import { Allowances } from "./allowances.ts";
import type { BudgetWindow, Counter } from "./counter.ts";
import { chargeOf, type LimitServices, LocalLimits, worstFor } from "./local-limits.ts";
import type { Plan } from "./plan.ts";
import { budgetClosed, refusalOf } from "./refusal.ts";
import { type Demand, Reservation, type ReservationKeeper, type ReservedMoney } from "./reservation.ts";
import { LiveLeases } from "./live-leases.ts";
import { type Settled, Settlements } from "./settlements.ts";

/** What limits over replicas need besides. */
export interface DistributedSettings {
  readonly shared: SharedLimits;
  /** Processes that serve together: each keeps one part of every limit while the common counts are away. */
  readonly processes: number;
  /** How long what a process has reserved is kept after it was last heard of. */
  readonly leaseMs: number;
}

/** One reservation on its way to the common counts. */
interface Asked {
  readonly plan: Plan;
  readonly demand: Demand;
  readonly money: readonly ReservedMoney[];
  readonly entries: readonly SharedEntry[];
  /** The counter or window of each entry. */
  readonly of: readonly (Counter | BudgetWindow)[];
}

/** What the ledger knows of a window, by calls that were booked before a time. */
interface Base {
  readonly spent: number;
  readonly before: number;
}

type Bases = ReadonlyMap<BudgetWindow, Base>;

// Lines of the ledger that wait to be written when Redis has lost its counts are there after this.
const LEDGER_LAG_MS = 400;
/** The counts of a window stay so long after its end, for calls that were admitted in it. */
const KEPT_MS = 86_400_000;

/** The key of a window within its tenant. */
function windowKey({ counter, kind, id }: BudgetWindow): string {
  return `${counter.id}:${kind}:${id}`;
}

function isWindow(of: Counter | BudgetWindow | undefined): of is BudgetWindow {
  return of !== undefined && "cap" in of;
}

/**
 * Limits that replicas keep together: one round trip to the common counts lets a request in by all of its limits or by none. While
 * the counts do not answer, each process keeps its part of them by itself, and spends what it had set aside for that.
 */
export class DistributedLimits implements ReservationKeeper {
  readonly #services: LimitServices;
  readonly #settings: DistributedSettings;
  readonly #local: LocalLimits;
  readonly #settlements: Settlements;
  readonly #allowances: Allowances;
  readonly #leases: LiveLeases;
  readonly #process = randomUUID();
  /** The ledger is asked once for all who wait: a long month takes seconds and a connection. */
  readonly #reading = new Map<BudgetWindow, Promise<Base>>();
  #leaseCount = 0;
  #counted = false;

  constructor(services: LimitServices, settings: DistributedSettings) {
    const { shared, processes, leaseMs } = settings;
    this.#services = services;
    this.#settings = settings;
    this.#local = new LocalLimits(services, { share: 1 / processes, apart: true });
    this.#settlements = new Settlements(shared, this.#process, (window, before, after) => {
      window.spent = after;
      services.onSpent(window, before, after);
    });
    this.#leases = new LiveLeases(leaseMs, services.clock, (tenantId, changes) => {
      // While Redis is away renewals would only pile up; all leases are renewed when it is back.
      if (shared.up) this.#settlements.add(tenantId, ...changes);
    });
    // What still runs may have run out there meanwhile.
    shared.whenBack(() => this.#leases.renew(true));
    this.#allowances = new Allowances({
      ...settings,
      clock: services.clock,
      settlements: this.#settlements,
      leases: this.#leases,
      newLeaseId: () => this.#newLeaseId(),
      entry: (window, amount) => this.#entry(window, amount),
      key: windowKey,
    });
  }

  /** This process's part of a limit. */
  get share(): number {
    return 1 / this.#settings.processes;
  }

  reserve(plan: Plan, demand: Demand): Reservation | Promise<Reservation> {
    return this.#settings.shared.up ? this.#ask(plan, demand) : this.#withoutCounts(plan, demand);
  }

  release(reservation: Reservation): void {
    let places = false;
    for (const { counter, counts } of reservation.plan.entries) {
      if (!counts) continue;
      counter.running -= 1;
      places ||= counter.rule.concurrency > 0;
    }
    if (places) this.#giveBack(reservation, placesOf(reservation.leaseId ?? ""));
  }

  finish(reservation: Reservation): void {
    const { plan, demand, money, leaseId } = reservation;
    const changes: Settled[] = [];
    const more = reservation.usedTokens - demand.tokens;
    for (const { counter, spends } of plan.entries) {
      const { tokensPerMinute } = counter.rule;
      if (spends && tokensPerMinute > 0 && more !== 0)
        changes.push({ kind: "tokens", key: counter.id, tokens: more, tokensPerMinute });
    }
    for (const each of money) {
      const { window } = each;
      const amount = chargeOf(reservation, each);
      if (amount > 0)
        changes.push({ kind: "spend", key: windowKey(window), amount, bookedAt: reservation.bookedAt, window });
    }
    if (changes.length > 0) this.#settlements.add(tenantOf(plan), ...changes);
    if (money.some(({ amount }) => amount > 0)) this.#giveBack(reservation, leaseId ?? "");
  }

  /** Nobody waits for a round trip in the middle of a call: what was reserved has to do. */
  extend(): boolean {
    return false;
  }

  async close(): Promise<void> {
    this.#leases.close();
    this.#allowances.close();
    await this.#settlements.close();
    this.#settings.shared.close();
  }

  #newLeaseId(): string {
    this.#leaseCount += 1;
    return `${this.#process}:${this.#leaseCount}`;
  }

  #giveBack({ plan }: Reservation, leaseId: string): void {
    this.#leases.remove(leaseId);
    this.#settlements.add(tenantOf(plan), { kind: "give", leaseId });
  }

  async #ask(plan: Plan, demand: Demand): Promise<Reservation> {
    const asked = this.#asked(plan, demand);
    const leaseId = this.#newLeaseId();
    let answer = await this.#send(asked, leaseId, undefined);
    if (answer?.status === "unknown") answer = await this.#send(asked, leaseId, await this.#bases(asked));
    if (answer === undefined) {
      // It may have been taken all the same.
      this.#giveUp(asked, leaseId);
      return this.#withoutCounts(plan, demand);
    }
    this.#note(asked, answer);
    if (answer.status === "taken") return this.#taken(asked, leaseId);
    throw this.#refusal(asked, answer);
  }

  /** Lets a request in by this process's part; the common counts hear of it when they can. */
  #withoutCounts(plan: Plan, demand: Demand): Reservation | Promise<Reservation> {
    const reservation = this.#local.reserve(plan, demand);
    const changes: Settled[] = [];
    for (const { counter, counts, spends } of plan.entries) {
      const { requestsPerMinute } = counter.rule;
      const tokensPerMinute = spends ? counter.rule.tokensPerMinute : 0;
      const requests = counts && requestsPerMinute > 0 ? 1 : 0;
      const tokens = tokensPerMinute > 0 ? demand.tokens : 0;
      if (requests + tokens === 0) continue;
      changes.push({ kind: "used", key: counter.id, requests, requestsPerMinute, tokens, tokensPerMinute });
    }
    if (changes.length > 0) this.#settlements.add(tenantOf(plan), ...changes);
    return reservation;
  }

  #giveUp({ plan }: Asked, leaseId: string): void {
    const leases = [leaseId, placesOf(leaseId)];
    this.#settlements.add(tenantOf(plan), ...leases.map((id) => ({ kind: "give", leaseId: id }) as const));
  }

  #asked(plan: Plan, demand: Demand): Asked {
    const now = this.#services.now();
    const money: ReservedMoney[] = [];
    const entries: SharedEntry[] = [];
    const of: (Counter | BudgetWindow)[] = [];
    for (const { counter, counts, spends } of plan.entries) {
      const { requestsPerMinute, concurrency, budget } = counter.rule;
      const tokensPerMinute = spends ? counter.rule.tokensPerMinute : 0;
      if (requestsPerMinute + tokensPerMinute + concurrency > 0) {
        const { tokens } = demand;
        entries.push({
          kind: "bucket",
          key: counter.id,
          requestsPerMinute,
          tokensPerMinute,
          concurrency,
          counts,
          tokens,
        });
        of.push(counter);
      }
      if (!spends || budget === undefined) continue;
      const amount = worstFor(counter, demand);
      for (const window of counter.windows(now)) {
        money.push({ window, amount, fromAllowance: false });
        entries.push(this.#entry(window, amount * demand.attempts));
        of.push(window);
      }
    }
    return { plan, demand, money, entries, of };
  }

  #entry(window: BudgetWindow, amount: number): SharedEntry & { readonly kind: "money" } {
    const expiresAt = window.end + KEPT_MS;
    return { kind: "money", key: windowKey(window), cap: window.cap, amount, expiresAt, base: undefined };
  }

  async #send(
    { plan, entries, of }: Asked,
    leaseId: string,
    bases: Bases | undefined,
  ): Promise<SharedAnswer | undefined> {
    const { shared, leaseMs } = this.#settings;
    const based = entries.map((entry, at) => {
      const window = of[at];
      return entry.kind === "money" && isWindow(window) ? { ...entry, base: bases?.get(window) } : entry;
    });
    const lease = { id: leaseId, ttlMs: leaseMs, money: moneyHolds(entries), places: placeHolds(entries) };
    return shared.reserve(tenantOf(plan), lease, based);
  }

  /** What the ledger knows of these windows, for counts that Redis does not have: a new day, or a Redis that has lost them. */
  async #bases({ of }: Asked): Promise<Bases> {
    const windows = of.filter(isWindow);
    try {
      return new Map(await Promise.all(windows.map(async (window) => [window, await this.#base(window)] as const)));
    } catch {
      const [first] = windows;
      if (first === undefined) return new Map();
      throw budgetClosed(first.counter, "the ledger cannot be read");
    }
  }

  #base(window: BudgetWindow): Promise<Base> {
    const known = this.#reading.get(window);
    if (known) return known;
    const reading = this.#readBase(window).finally(() => this.#reading.delete(window));
    this.#reading.set(window, reading);
    return reading;
  }

  async #readBase(window: BudgetWindow): Promise<Base> {
    const before = this.#services.now();
    if (this.#counted) await new Promise((resolve) => setTimeout(resolve, LEDGER_LAG_MS));
    return { spent: await this.#services.readSpent(window, before), before };
  }

  /** What the counts say is kept for headers, and so that a time without them begins where they stood. */
  #note({ of }: Asked, { states }: SharedAnswer): void {
    const clock = this.#services.clock();
    this.#counted = true;
    states.forEach(([one, two], at) => {
      const counted = of[at];
      if (counted === undefined) return;
      if (isWindow(counted)) {
        counted.spent = one;
        counted.reserved = two;
        counted.loaded = true;
        return;
      }
      counted.requests = one * this.share;
      counted.tokens = two * this.share;
      counted.requestsAt = clock;
      counted.tokensAt = clock;
    });
  }

  #taken({ plan, demand, money, entries }: Asked, leaseId: string): Reservation {
    const clock = this.#services.clock();
    for (const { counter, counts } of plan.entries) {
      counter.usedAt = clock;
      if (counts) counter.running += 1;
    }
    const tenantId = tenantOf(plan);
    this.#leases.add(tenantId, leaseId, moneyHolds(entries));
    this.#leases.add(tenantId, placesOf(leaseId), placeHolds(entries));
    for (const { window } of money) this.#allowances.keep(window);
    return new Reservation(this, plan, demand, money, leaseId);
  }

  #refusal({ of, plan }: Asked, { entry, bound, waitMs }: SharedAnswer): Error {
    const counted = of[entry];
    const [first] = plan.entries;
    if (isWindow(counted)) {
      this.#allowances.release(counted);
      return refusalOf({ kind: "money", window: counted, now: this.#services.now() });
    }
    if (counted !== undefined && bound !== undefined && bound !== "money")
      return refusalOf({ kind: bound, counter: counted, waitMs });
    if (first === undefined) return new TypeError("Redis refused what has no limit.");
    return budgetClosed(first.counter, "Redis does not know what was spent");
  }
}

function tenantOf(plan: Plan): string {
  return plan.entries[0]?.counter.tenantId ?? "";
}

/** The lease of a request's places: they are free when its client has its answer, which may be before its money is settled. */
function placesOf(leaseId: string): string {
  return `${leaseId}:n`;
}

function moneyHolds(entries: readonly SharedEntry[]): Hold[] {
  return entries.flatMap((entry) =>
    entry.kind === "money" && entry.amount > 0 ? [{ key: entry.key, of: "money", amount: entry.amount } as const] : [],
  );
}

function placeHolds(entries: readonly SharedEntry[]): Hold[] {
  return entries.flatMap((entry) =>
    entry.kind === "bucket" && entry.counts && entry.concurrency > 0
      ? [{ key: entry.key, of: "place", amount: 1 } as const]
      : [],
  );
}
