import { NO_USAGE } from "@slipway/contracts/model/usage.ts";
import type { UsageLedger } from "../../usage-ledger.ts";
import type { Database } from "../database.ts";
import { appendUsage, usageLine } from "./append.ts";
import { reportUsage, usageReport } from "./report.ts";
import { spentByEach, spentSince } from "./spent.ts";
import { totalUsage } from "./total.ts";

export function createUsageLedger(database: Database): UsageLedger {
  return {
    line: usageLine,
    async write(lines) {
      if (lines.length > 0) await database.call(appendUsage(lines));
    },
    async total(tenantId, since) {
      const [row] = await database.asTenant(tenantId, totalUsage(tenantId, since));
      if (!row) return { calls: 0, usage: NO_USAGE };
      const { calls, ...usage } = row;
      return { calls, usage };
    },
    async spent(tenantId, query) {
      const [row] = await database.asTenant(tenantId, spentSince(tenantId, query));
      return row ?? { nano: 0, unknown: 0 };
    },
    async spentByEach(tenantId, query, dimension, subjects) {
      const rows = await database.asTenant(tenantId, spentByEach(tenantId, query, dimension, subjects));
      const sums = new Map(rows.map(({ subject, nano, unknown }) => [subject, { nano, unknown }]));
      return subjects.map((subject) => sums.get(subject) ?? { nano: 0, unknown: 0 });
    },
    async report(tenantId, query) {
      return usageReport(await database.asTenant(tenantId, reportUsage(tenantId, query)), query);
    },
  };
}
