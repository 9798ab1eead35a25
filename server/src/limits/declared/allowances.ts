import type { SharedEntry, SharedLimits } from "#store/shared-limits.ts";
import { Allowance } from "./allowance.ts";
import type { BudgetWindow } from "./counter.ts";
import type { LiveLeases } from "./live-leases.ts";
import type { Settlements } from "./settlements.ts";

/** What allowances are made by. */
export interface AllowanceSettings {
  readonly shared: SharedLimits;
  readonly processes: number;
  readonly leaseMs: number;
  readonly clock: () => number;
  readonly settlements: Settlements;
  readonly leases: LiveLeases;
  readonly newLeaseId: () => string;
  /** The entry of a window's money. */
  readonly entry: (window: BudgetWindow, amount: number) => SharedEntry & { readonly kind: "money" };
  /** The key of a window's money. */
  readonly key: (window: BudgetWindow) => string;
}

/** After a refusal. */
const AGAIN_MS = 5_000;
/** After an answer that did not come in time: until there is an allowance, an outage would find this process without money. */
const SOON_MS = 250;
const LOOK_MS = 1_000;
/** Near its end a budget is needed for requests. */
const OF_CAP = 0.9;
/**
 * A lease is renewed when an eighth of its life has passed, or little more. Three quarters of a life after a renewal that was sent,
 * Redis holds it still, even when that renewal was lost: the one before it reaches further.
 */
const SURE_PART = 0.75;

/** What this process has set aside of each budget in use, to go on with while Redis is away. */
export class Allowances {
  readonly #settings: AllowanceSettings;
  readonly #kept = new Set<BudgetWindow>();
  readonly #tried = new WeakMap<BudgetWindow, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(settings: AllowanceSettings) {
    this.#settings = settings;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  /** The window is in use: sees to it that something is set aside of it, without waiting. */
  keep(window: BudgetWindow): void {
    if (window.allowance === undefined) this.#renew(window);
  }

  #renew(window: BudgetWindow): void {
    const { shared, clock, processes } = this.#settings;
    const now = clock();
    if (!shared.up || now < (this.#tried.get(window) ?? 0)) return;
    this.#tried.set(window, now + AGAIN_MS);
    const share = window.counter.rule.budget?.outageShare ?? 0;
    const amount = Math.floor((window.cap * share) / processes);
    if (amount > 0) void this.#reserve(window, amount);
  }

  /** The budget has no room for requests: what no request holds of its allowance goes back. */
  release(window: BudgetWindow): void {
    if (window.allowance?.free) this.#giveBack(window);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const window of this.#kept) this.#giveBack(window);
  }

  async #reserve(window: BudgetWindow, amount: number): Promise<void> {
    const { shared, leaseMs, clock, leases, newLeaseId, entry } = this.#settings;
    const { tenantId } = window.counter;
    const leaseId = newLeaseId();
    const asked = entry(window, amount);
    const holds = [{ key: asked.key, of: "money" as const, amount }];
    const until = clock() + leaseMs * SURE_PART;
    const lease = { id: leaseId, ttlMs: leaseMs, money: holds, places: [] };
    const answer = await shared.reserve(tenantId, lease, [{ ...asked, cap: Math.floor(asked.cap * OF_CAP) }]);
    const old = window.allowance;
    if (answer?.status !== "taken" || old?.free === false) {
      if (answer === undefined) this.#tried.set(window, clock() + SOON_MS);
      // Without an answer it may have been taken.
      if (answer?.status !== "refused") this.#settings.settlements.add(tenantId, { kind: "give", leaseId });
      return;
    }
    this.#giveBack(window);
    const key = this.#settings.key(window);
    const allowance = new Allowance({ leaseId, amount, until }, (cost, bookedAt) =>
      this.#settings.settlements.add(tenantId, { kind: "spend", key, amount: cost, bookedAt, window }),
    );
    window.allowance = allowance;
    this.#kept.add(window);
    leases.add(tenantId, leaseId, holds, () => {
      if (shared.up) allowance.until = clock() + leaseMs * SURE_PART;
    });
  }

  #look(): void {
    const { shared, clock, leaseMs } = this.#settings;
    if (!shared.up) return;
    for (const window of this.#kept) {
      const { allowance, counter, end } = window;
      if (!allowance?.free) continue;
      if (clock() - counter.usedAt > leaseMs || Date.now() >= end) this.#giveBack(window);
      // A new one before the old one goes: Redis may be away again at any time.
      else if (allowance.touched) this.#renew(window);
    }
  }

  #giveBack(window: BudgetWindow): void {
    const { allowance, counter } = window;
    this.#kept.delete(window);
    window.allowance = undefined;
    if (allowance === undefined) return;
    this.#settings.leases.remove(allowance.leaseId);
    this.#settings.settlements.add(counter.tenantId, { kind: "give", leaseId: allowance.leaseId });
    this.#tried.delete(window);
  }
}
