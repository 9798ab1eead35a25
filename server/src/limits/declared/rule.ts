import type { LimitDimension, LimitSpec } from "@slipway/contracts/spec/limit.ts";

/**
 * Money of limits: whole nano-dollars (10⁻⁹ US dollars), so that a budget of a million dollars and all that Redis and its
 * scripts reckon with are exact numbers. A cost is rounded up to it, once a call.
 */
export type NanoDollars = number;

/** Dollars as nano-dollars. */
export function nanoDollars(dollars: number): NanoDollars {
  return Math.round(dollars * 1e9);
}

/** A cost of the ledger, in pico-dollars, as nano-dollars, rounded up. */
export function nanoOfPico(pico: number): NanoDollars {
  return Math.ceil(pico / 1000);
}

/** A limit as it is checked. Absent bounds are 0. */
export interface LimitRule {
  /** Tells it from the others, the same on every replica: where it comes from and its name. */
  readonly id: string;
  readonly name: string;
  /** The tenant that made it; undefined: of the file, for every tenant. */
  readonly tenantId: string | undefined;
  readonly per: LimitDimension;
  readonly match: LimitSpec["match"];
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
  readonly concurrency: number;
  readonly budget: BudgetRule | undefined;
}

/** Money that may be spent. */
export interface BudgetRule {
  /** 0: as much as likes. */
  readonly day: NanoDollars;
  readonly month: NanoDollars;
  /** What a call of unknown price counts as; undefined: it is refused. */
  readonly unknown: NanoDollars | undefined;
  /** Shares, ascending. */
  readonly alerts: readonly number[];
  readonly maxOutputTokens: number;
  readonly outageShare: number;
}

/** A limit of the file (`tenantId` undefined) or of a tenant's own, ready to be checked. */
export function compileRule(spec: LimitSpec, tenantId: string | undefined): LimitRule {
  const { budget, match } = spec;
  const matched = Object.entries(match).map(([dimension, value]) => `${dimension}=${value}`);
  return {
    // Another way to count is another count.
    id: [tenantId === undefined ? "file" : "api", spec.name, spec.per, ...matched].join(":"),
    name: spec.name,
    tenantId,
    per: spec.per,
    match,
    requestsPerMinute: spec.requestsPerMinute ?? 0,
    tokensPerMinute: spec.tokensPerMinute ?? 0,
    concurrency: spec.concurrency ?? 0,
    budget: budget && {
      day: nanoDollars(budget.day ?? 0),
      month: nanoDollars(budget.month ?? 0),
      unknown: budget.unknownPrice === "refuse" ? undefined : nanoDollars(budget.unknownPrice.count),
      alerts: budget.alerts.toSorted((a, b) => a - b),
      maxOutputTokens: budget.maxOutputTokens,
      outageShare: budget.outageShare,
    },
  };
}
