import type { Allowance } from "./allowance.ts";
import type { LimitRule, NanoDollars } from "./rule.ts";

/** Whose call it is, as limits know callers. */
export interface LimitedCaller {
  readonly tenantId: string;
  readonly keyId: string;
  readonly userId?: string | undefined;
  readonly agent: string | null;
  /** The name of the route or model; undefined for a run of an agent, which has no one route. */
  readonly route: string | undefined;
}

/** Which lines of the ledger a budget counts. */
export interface SpentBy {
  readonly tenantId: string;
  readonly keyId?: string | undefined;
  readonly userId?: string | undefined;
  readonly agent?: string | undefined;
  readonly route?: string | undefined;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A budget's day or month. A call belongs to the one in which it was admitted. */
export class BudgetWindow {
  readonly counter: Counter;
  readonly kind: "day" | "month";
  /** Milliseconds since the epoch, UTC; the end is the next one's start. */
  readonly start: number;
  readonly end: number;
  /** `2026-11-21` or `2026-11`. */
  readonly id: string;
  spent: NanoDollars = 0;
  reserved: NanoDollars = 0;
  /** What was spent before this process counted is known. */
  loaded = false;
  loading: Promise<void> | undefined;
  /** What may be spent while Redis is away. */
  allowance: Allowance | undefined;

  constructor(counter: Counter, kind: "day" | "month", now: number) {
    const date = new Date(now);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    this.counter = counter;
    this.kind = kind;
    this.start = kind === "day" ? Math.floor(now / DAY_MS) * DAY_MS : Date.UTC(year, month, 1);
    this.end = kind === "day" ? this.start + DAY_MS : Date.UTC(year, month + 1, 1);
    this.id = new Date(this.start).toISOString().slice(0, kind === "day" ? 10 : 7);
  }

  get cap(): NanoDollars {
    const { budget } = this.counter.rule;
    return budget === undefined ? 0 : budget[this.kind];
  }
}

const NO_WINDOWS: readonly BudgetWindow[] = [];

/** What one subject has used of one limit, in this process. */
export class Counter {
  /** Replaced when the limit is changed; what was counted stays. */
  rule: LimitRule;
  readonly tenantId: string;
  /** The limit and the subject, for keys of Redis. */
  readonly id: string;
  readonly spentBy: SpentBy;
  /** Buckets that fill with use and drain evenly in a minute; how full they were at a time of the clock. */
  requests = 0;
  requestsAt = 0;
  tokens = 0;
  tokensAt = 0;
  running = 0;
  usedAt = 0;
  #day: BudgetWindow | undefined;
  #month: BudgetWindow | undefined;
  /** Those in force until a time, by a budget. */
  #windows: readonly BudgetWindow[] = [];
  #until = 0;
  #budget: LimitRule["budget"];

  constructor(rule: LimitRule, subject: string, spentBy: SpentBy) {
    this.rule = rule;
    this.tenantId = spentBy.tenantId;
    this.id = `${rule.id}:${subject}`;
    this.spentBy = spentBy;
  }

  /** The windows of money in force at this time, of those that the limit has. */
  windows(now: number): readonly BudgetWindow[] {
    const { budget } = this.rule;
    if (budget === this.#budget && now < this.#until) return this.#windows;
    if (budget === undefined) return NO_WINDOWS;
    const windows: BudgetWindow[] = [];
    if (budget.day > 0) windows.push((this.#day = this.#window(this.#day, "day", now)));
    if (budget.month > 0) windows.push((this.#month = this.#window(this.#month, "month", now)));
    this.#budget = budget;
    this.#until = Math.min(...windows.map(({ end }) => end));
    return (this.#windows = windows);
  }

  /** Nothing would be lost with it but what the ledger knows. */
  idle(now: number, clock: number): boolean {
    if (this.running > 0 || clock - this.usedAt < MINUTE_MS) return false;
    return this.windows(now).every(
      ({ reserved, allowance, loading }) => reserved === 0 && allowance === undefined && loading === undefined,
    );
  }

  #window(known: BudgetWindow | undefined, kind: "day" | "month", now: number): BudgetWindow {
    if (known !== undefined && now < known.end) return known;
    const window = new BudgetWindow(this, kind, now);
    // Who has counted the window before to its end knows that nothing was spent in this one.
    window.loaded = known?.loaded === true && known.end === window.start;
    return window;
  }
}

/** How full a bucket of `limit` is after it has drained for a while; `ms` may be 0, never negative. */
export function drained(level: number, limit: number, ms: number): number {
  return Math.max(0, level - (Math.max(0, ms) * limit) / MINUTE_MS);
}

/** Milliseconds until there is room for `over` more units than there is now. */
export function drainMs(over: number, limit: number): number {
  return Math.ceil((over * MINUTE_MS) / limit);
}
