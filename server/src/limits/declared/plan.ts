import type { LimitSpec } from "@slipway/contracts/spec/limit.ts";
import { BoundedMap } from "#lib/bounded-map.ts";
import { Counter, type LimitedCaller, type SpentBy } from "./counter.ts";
import { compileRule, type LimitRule } from "./rule.ts";

/**
 * What is asked for: a call of a model by a client; a run of an agent, which is a request and holds a place; or a model call
 * inside of a run, which spends and is no request of the client's.
 */
export type LimitedAct = "call" | "run" | "step";

/** One limit of a call. */
export interface PlanEntry {
  readonly counter: Counter;
  /** The call counts as a request and holds a place. */
  readonly counts: boolean;
  /** The call spends tokens and money. */
  readonly spends: boolean;
}

/** Every limit of a call; they are checked together. */
export interface Plan {
  readonly entries: readonly PlanEntry[];
  /** A limit among them counts tokens or money, so that a call must be measured before it is made. */
  readonly measures: boolean;
  readonly hasBudget: boolean;
  /** The least bound of an answer that a budget sets for calls that have none; undefined without a budget. */
  readonly maxOutputTokens: number | undefined;
}

/** A limit that a tenant has made, as it is stored. */
export interface TenantLimit {
  readonly tenantId: string;
  readonly spec: LimitSpec;
}

/** Where limits come from. */
export interface LimitSources {
  readonly file: readonly LimitSpec[];
  readonly fileVersion: string;
  readonly stored: readonly TenantLimit[];
  readonly storedVersion: number;
}

const NO_LIMITS: LimitSources = { file: [], fileVersion: "", stored: [], storedVersion: 0 };

const MOST_PLANS = 10_000;
const MOST_LATELY = 10_000;
/** Counters beyond which those that are idle are looked for and dropped, at most this often. */
const MOST_COUNTERS = 50_000;
const FORGET_MS = 10_000;

function valueOf(caller: LimitedCaller, dimension: LimitRule["per"]): string | undefined {
  switch (dimension) {
    case "key":
      return caller.keyId;
    case "user":
      return caller.userId;
    case "agent":
      return caller.agent ?? undefined;
    case "route":
      return caller.route;
    case "tenant":
      return caller.tenantId;
  }
}

function applies({ match, tenantId }: LimitRule, caller: LimitedCaller): boolean {
  if (tenantId !== undefined && tenantId !== caller.tenantId) return false;
  if (match.tenant !== undefined && match.tenant !== caller.tenantId) return false;
  if (match.key !== undefined && match.key !== caller.keyId) return false;
  if (match.user !== undefined && match.user !== caller.userId) return false;
  if (match.agent !== undefined && match.agent !== caller.agent) return false;
  return match.route === undefined || match.route === caller.route;
}

/** The lines of the ledger that stand for the calls that this limit counts for this caller. */
function spentBy({ match, per }: LimitRule, caller: LimitedCaller): SpentBy {
  return {
    tenantId: caller.tenantId,
    keyId: match.key ?? (per === "key" ? caller.keyId : undefined),
    userId: match.user ?? (per === "user" ? caller.userId : undefined),
    agent: match.agent ?? (per === "agent" ? (caller.agent ?? undefined) : undefined),
    route: match.route ?? (per === "route" ? caller.route : undefined),
  };
}

/** The limits in force and what they have counted; the limits are replaced as a whole, the counts stay. */
export class LimitTable {
  #sources = NO_LIMITS;
  #shared: readonly LimitRule[] = [];
  #own = new Map<string, readonly LimitRule[]>();
  readonly #counters = new Map<string, Counter>();
  #plans = new BoundedMap<string, Plan | null>(MOST_PLANS);
  /** What was found last for a key, which nearly always asks for the same: found without putting a name together. */
  #lately = new BoundedMap<string, Found>(MOST_LATELY);

  #forgot = Number.NEGATIVE_INFINITY;

  /** No limit is declared at all. */
  empty = true;

  get version(): string {
    return `${this.#sources.storedVersion}${this.#sources.fileVersion === "" ? "" : `-${this.#sources.fileVersion}`}`;
  }

  set(changed: Partial<LimitSources>): void {
    this.#sources = { ...this.#sources, ...changed };
    const { file, stored } = this.#sources;
    this.#shared = file.map((spec) => compileRule(spec, undefined));
    this.#own = new Map(
      [...Map.groupBy(stored, ({ tenantId }) => tenantId)].map(([tenantId, limits]) => [
        tenantId,
        limits.map(({ spec }) => compileRule(spec, tenantId)),
      ]),
    );
    this.#forgetPlans();
    this.empty = file.length + stored.length === 0;
  }

  /** What holds for this call; null: nothing does. */
  find(caller: LimitedCaller, act: LimitedAct, clock: number): Plan | null {
    const { keyId } = caller;
    const before = this.#lately.get(keyId);
    if (before !== undefined && before.act === act && isSame(before.caller, caller)) return before.plan;
    const plan = this.#find(caller, act, clock);
    this.#lately.set(keyId, { act, caller, plan });
    return plan;
  }

  #find(caller: LimitedCaller, act: LimitedAct, clock: number): Plan | null {
    const { tenantId, keyId, userId, agent, route } = caller;
    const name = `${act}\n${tenantId}\n${keyId}\n${userId ?? ""}\n${agent ?? ""}\n${route ?? ""}`;
    const known = this.#plans.get(name);
    if (known !== undefined) return known;
    const rules = [...(this.#own.get(tenantId) ?? []), ...this.#shared].filter((rule) => applies(rule, caller));
    const entries = rules.flatMap((rule) => this.#entry(rule, caller, act, clock) ?? []);
    const plan = entries.length === 0 ? null : planOf(entries);
    this.#plans.set(name, plan);
    return plan;
  }

  #entry(rule: LimitRule, caller: LimitedCaller, act: LimitedAct, clock: number): PlanEntry | undefined {
    const subject = valueOf(caller, rule.per);
    if (subject === undefined) return undefined;
    // A step of a run is its agent's request only to limits of the route that it takes; a run takes none.
    const routed = rule.per === "route" || rule.match.route !== undefined;
    const counts = act === "call" || (act === "step") === routed;
    const spends = act !== "run";
    const bounded = (counts && rule.requestsPerMinute + rule.concurrency > 0) || spends;
    return bounded ? { counter: this.#counter(rule, subject, caller, clock), counts, spends } : undefined;
  }

  #counter(rule: LimitRule, subject: string, caller: LimitedCaller, clock: number): Counter {
    const name = `${caller.tenantId}\n${rule.id}:${subject}`;
    const known = this.#counters.get(name);
    if (known) {
      known.rule = rule;
      return known;
    }
    if (this.#counters.size >= MOST_COUNTERS && clock - this.#forgot > FORGET_MS) this.#forget(clock);
    const counter = new Counter(rule, subject, spentBy(rule, caller));
    this.#counters.set(name, counter);
    return counter;
  }

  #forgetPlans(): void {
    this.#plans = new BoundedMap(MOST_PLANS);
    this.#lately = new BoundedMap(MOST_LATELY);
  }

  #forget(clock: number): void {
    this.#forgot = clock;
    const now = Date.now();
    for (const [name, counter] of this.#counters) if (counter.idle(now, clock)) this.#counters.delete(name);
    // Plans name counters; those that are left are found again.
    this.#forgetPlans();
  }
}

/** What was found for a caller. */
interface Found {
  readonly act: LimitedAct;
  readonly caller: LimitedCaller;
  readonly plan: Plan | null;
}

function isSame(one: LimitedCaller, other: LimitedCaller): boolean {
  return (
    one.keyId === other.keyId &&
    one.tenantId === other.tenantId &&
    one.userId === other.userId &&
    one.agent === other.agent &&
    one.route === other.route
  );
}

function planOf(entries: readonly PlanEntry[]): Plan {
  const spending = entries.filter(({ spends }) => spends).map(({ counter }) => counter.rule);
  const bounds = spending.flatMap(({ budget }) => budget?.maxOutputTokens ?? []);
  return {
    entries,
    measures: spending.some(({ tokensPerMinute, budget }) => tokensPerMinute > 0 || budget !== undefined),
    hasBudget: bounds.length > 0,
    maxOutputTokens: bounds.length > 0 ? Math.min(...bounds) : undefined,
  };
}
