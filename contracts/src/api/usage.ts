import { z } from "zod";

/** What usage can be divided by. */
export const usageDimensionSchema = z.enum(["day", "provider", "model", "key", "agent"]);

const sums = {
  calls: z.number().int(),
  /** Calls that failed. */
  errors: z.number().int(),
  /** Calls whose client left before the end. */
  aborted: z.number().int(),
  /** Calls whose figures are an estimate, because the provider gave none. */
  estimated: z.number().int(),
  /** Calls whose price is not known: their cost is not in `costMicros`. */
  unpriced: z.number().int(),
  /** Micro-dollars (10⁻⁶ USD), rounded once from the exact sum, so that the groups may differ from the total by half of one each. */
  costMicros: z.number().int(),
  /** Disjoint classes: their sum is all tokens. */
  tokens: z.object({
    input: z.number().int(),
    cachedRead: z.number().int(),
    cacheWrite: z.number().int(),
    output: z.number().int(),
    reasoning: z.number().int(),
  }),
};

/** What a tenant's calls used and cost. */
export const usageSumsSchema = z.object(sums);
export type UsageSumsAnswer = z.infer<typeof usageSumsSchema>;

/** The same of the calls that have these values; only what was asked for by `by` is there. `agent` is null outside of agents. */
export const usageGroupSchema = z.object({
  /** In UTC, `2026-11-21`. */
  day: z.string().optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  key: z.string().optional(),
  agent: z.string().nullable().optional(),
  ...sums,
});
export type UsageGroupAnswer = z.infer<typeof usageGroupSchema>;

/** Answer of `GET /api/v1/usage`: the latest day first, and what cost most. */
export const usageReportSchema = z.object({
  from: z.string(),
  to: z.string(),
  currency: z.literal("USD"),
  total: usageSumsSchema,
  groups: z.array(usageGroupSchema),
  /** True when there are more groups than `limit`; the total counts them. */
  truncated: z.boolean(),
});
export type UsageReportAnswer = z.infer<typeof usageReportSchema>;
