import type { Usage } from "@slipway/contracts/model/usage.ts";
import type { RecordLine } from "./record-line.ts";

/** One line of the append-only ledger: what one model call used. */
export interface UsageEntry {
  /** Unique; appending an id twice writes it once. */
  readonly id: string;
  readonly tenantId: string;
  readonly requestId: string;
  readonly keyId: string;
  /** The agent on whose behalf the call was made. */
  readonly agent: string | null;
  readonly provider: string;
  readonly model: string;
  readonly usage: Usage;
  /**
   * Where the figures come from: the provider; the provider, read to the end after the client had left; our own estimate; or
   * nowhere, because the call failed before it said anything, or because the answer came from the cache and asked no provider.
   */
  readonly source: "provider" | "drained" | "estimated" | "none" | "cache";
  /** Whole pico-dollars (10⁻¹² US dollars); null when the price is not known. */
  readonly cost: number | null;
  /** Which prices it was reckoned by. */
  readonly priceVersion: string;
  readonly outcome: "ok" | "error" | "aborted";
  /** The version of the routes that led to the call; absent or null where none was configured. */
  readonly routesVersion?: string | null;
  /** The route that led to the call, or the model's name where none is configured; absent or null: not known. */
  readonly route?: string | null;
  /** The user on whose behalf the call was made; absent or null: none. */
  readonly userId?: string | null;
  /** When the call ended. */
  readonly at: Date;
}

/** Which lines a budget counts; what is absent is any. */
export interface SpentQuery {
  /** From this time on. */
  readonly from: Date;
  /** Before this time. */
  readonly to: Date;
  readonly keyId?: string | undefined;
  readonly userId?: string | undefined;
  readonly agent?: string | undefined;
  readonly route?: string | undefined;
}

/** Who budgets are kept for each. */
export type SpentDimension = "keyId" | "userId" | "agent" | "route";

/** What calls have cost. */
export interface Spent {
  /** Whole nano-dollars, rounded up. */
  readonly nano: number;
  /** Calls that cost nobody knows what. */
  readonly unknown: number;
}

/** What calls can be summed by. */
export type UsageDimension = "day" | "provider" | "model" | "key" | "agent";

/** Which calls to sum. */
export interface UsageQuery {
  /** From this time on. */
  readonly from: Date;
  /** Before this time. */
  readonly to: Date;
  readonly by: readonly UsageDimension[];
  /** Groups to answer at most. */
  readonly limit: number;
}

/** What calls add up to. */
export interface UsageSums {
  readonly calls: number;
  readonly errors: number;
  /** Calls whose client left before the end. */
  readonly aborted: number;
  /** Calls whose figures are our own estimate. */
  readonly estimated: number;
  /** Calls whose price is not known: their cost is in no sum. */
  readonly unpriced: number;
  /** Whole micro-dollars, rounded once, from the exact sum. */
  readonly costMicros: number;
  readonly usage: Usage;
}

/** Sums of the calls that have these values. A dimension that was not asked for is null, as the agent is where there was none. */
export interface UsageGroup extends UsageSums {
  /** A day in UTC, `2026-11-21`. */
  readonly day: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly keyId: string | null;
  readonly agent: string | null;
}

/** All of the calls together, and divided as it was asked; the latest day first, and what cost most. */
export interface UsageReport {
  readonly total: UsageSums;
  readonly groups: readonly UsageGroup[];
}

export interface UsageLedger {
  /** What `write` writes of an entry. Long texts are cut, odd counts become 0. */
  line(this: void, entry: UsageEntry): RecordLine;
  /** Appends entries of any tenants in one commit; each row is written under its own tenant. */
  write(lines: readonly RecordLine[]): Promise<void>;
  /** Sum of the tenant's usage since a time. */
  total(tenantId: string, since: Date): Promise<{ readonly calls: number; readonly usage: Usage }>;
  /** What these calls cost. */
  spent(tenantId: string, query: SpentQuery): Promise<Spent>;
  /** The same of each of these keys, users, agents or routes, in their order, for little more than one costs. */
  spentByEach(
    tenantId: string,
    query: SpentQuery,
    dimension: SpentDimension,
    subjects: readonly string[],
  ): Promise<readonly Spent[]>;
  /** Sums of the tenant's calls. */
  report(tenantId: string, query: UsageQuery): Promise<UsageReport>;
}
