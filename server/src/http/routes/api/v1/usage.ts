import {
  type UsageGroupAnswer,
  usageDimensionSchema,
  type UsageReportAnswer,
  type UsageSumsAnswer,
} from "@slipway/contracts/api/usage.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { z } from "zod";
import type { UsageDimension, UsageGroup, UsageLedger, UsageSums } from "#store/usage-ledger.ts";
import { type App, principalOf, queryOf } from "../../../app.ts";

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const MOST_DAYS = 400;

const time = z.union([z.iso.datetime({ offset: true }), z.iso.date()], {
  error: "must be a time such as 2026-11-21T00:00:00Z, or a day in UTC",
});

const querySchema = z.strictObject({
  from: time.optional(),
  to: time.optional(),
  by: z
    .string()
    .transform((list) => [...new Set(list.split(",").map((name) => name.trim()))])
    .pipe(z.array(usageDimensionSchema))
    .optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** The span that was asked for: the last 30 days unless it says otherwise, at most 400. */
function spanOf(query: { readonly from?: string | undefined; readonly to?: string | undefined }, now: number) {
  const to = query.to === undefined ? new Date(now) : new Date(query.to);
  const from = query.from === undefined ? new Date(to.getTime() - DEFAULT_DAYS * DAY_MS) : new Date(query.from);
  const span = to.getTime() - from.getTime();
  if (span <= 0 || span > MOST_DAYS * DAY_MS) {
    throw new SlipwayError("invalid_request", `\`from\` must be before \`to\`, by at most ${MOST_DAYS} days.`, {
      param: "from",
      hint: "Ask for a shorter span, or for several.",
    });
  }
  return { from, to };
}

function presentSums({ usage, ...sums }: UsageSums): UsageSumsAnswer {
  const { input, cachedRead, cacheWrite, output, reasoning } = usage;
  return { ...sums, tokens: { input, cachedRead, cacheWrite, output, reasoning } };
}

function presentGroup(group: UsageGroup, by: readonly UsageDimension[]): UsageGroupAnswer {
  const { day, provider, model, keyId, agent, ...sums } = group;
  return {
    ...(day === null ? {} : { day }),
    ...(provider === null ? {} : { provider }),
    ...(model === null ? {} : { model }),
    ...(keyId === null ? {} : { key: keyId }),
    ...(by.includes("agent") ? { agent } : {}),
    ...presentSums(sums),
  };
}

/** `GET /api/v1/usage`: what the caller's tenant used and what it cost, in all and divided. */
export function registerUsage(app: App, ledger: Pick<UsageLedger, "report">, now: () => number = Date.now): void {
  app.get("/api/v1/usage", { requires: "usage:read", query: querySchema }, async (c) => {
    const { tenantId } = principalOf(c);
    const { by = [], limit, ...span } = queryOf(c, querySchema);
    const { from, to } = spanOf(span, now());
    // One more than asked for tells whether there are more.
    const { total, groups } = await ledger.report(tenantId, { from, to, by, limit: limit + 1 });
    const answer: UsageReportAnswer = {
      from: from.toISOString(),
      to: to.toISOString(),
      currency: "USD",
      total: presentSums(total),
      groups: groups.slice(0, limit).map((group) => presentGroup(group, by)),
      truncated: groups.length > limit,
    };
    return c.json(answer);
  });
}
