import type { RecordLine } from "../../record-line.ts";
import type { UsageEntry } from "../../usage-ledger.ts";
import { groupsOf, Line } from "../by-tenant.ts";
import { sql, type Statement } from "../sql.ts";
import { count, shortText } from "../values.ts";

/** Entries of any tenants, in one statement that enters each tenant by itself. */
export function appendUsage(lines: readonly RecordLine[]): Statement<unknown> {
  return sql`select slipway.append_usage(${groupsOf(lines)}::jsonb)`;
}

/** The values of `usageLine`, in the order that `slipway.append_usage` reads them in. */
const NAMES = [
  "id",
  "requestId",
  "keyId",
  "agent",
  "provider",
  "model",
  "input",
  "cachedRead",
  "cacheWrite",
  "output",
  "reasoning",
  "source",
  "outcome",
  "at",
  "cacheWrite1h",
  "cost",
  "priceVersion",
  "routesVersion",
  "route",
  "userId",
];

/** What is written of an entry. */
export function usageLine(entry: UsageEntry): RecordLine {
  return new Line(entry.tenantId, NAMES, [
    shortText(entry.id, 128),
    shortText(entry.requestId, 200),
    shortText(entry.keyId, 200),
    entry.agent === null ? null : shortText(entry.agent, 200),
    shortText(entry.provider, 200),
    shortText(entry.model, 200),
    count(entry.usage.input),
    count(entry.usage.cachedRead),
    count(entry.usage.cacheWrite),
    count(entry.usage.output),
    count(entry.usage.reasoning),
    entry.source,
    entry.outcome,
    entry.at.getTime(),
    Math.min(count(entry.usage.cacheWrite1h ?? 0), count(entry.usage.cacheWrite)),
    entry.cost === null ? null : count(entry.cost),
    shortText(entry.priceVersion, 200),
    entry.routesVersion == null ? null : shortText(entry.routesVersion, 100),
    entry.route == null ? null : shortText(entry.route, 200),
    entry.userId == null ? null : shortText(entry.userId, 200),
  ]);
}
