import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "#config/config.ts";
import type { LimitedCaller } from "#limits/declared/counter.ts";
import { admit, caller, codeOf, limit } from "#limits/declared/testing.ts";
import type { PriceTable } from "#router/price/price-table.ts";
import type { Store } from "#store/store.ts";
import type { SpentDimension, SpentQuery } from "#store/usage-ledger.ts";
import { createLogger } from "#telemetry/logger.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import { composeLimits } from "./limits.ts";

/** Limits of a file over a ledger in which each subject has spent as many dollars as its name ends with, and `?` is of unknown cost. */
function open(spec: object) {
  const asked: (readonly [SpentQuery, SpentDimension | undefined, number])[] = [];
  const spentBy = (subject = "0") =>
    subject.endsWith("?") ? { nano: 0, unknown: 2 } : { nano: Number(subject.slice(-1)) * 1e9, unknown: 0 };
  const usageLedger = {
    async spent(_tenantId: string, query: SpentQuery) {
      asked.push([query, undefined, 1]);
      return spentBy(query.keyId ?? query.userId ?? query.agent ?? query.route);
    },
    async spentByEach(_tenantId: string, query: SpentQuery, dimension: SpentDimension, subjects: readonly string[]) {
      asked.push([query, dimension, subjects.length]);
      return subjects.map(spentBy);
    },
  };
  const { declared } = composeLimits(loadConfig({}, "/nowhere"), {
    store: { usageLedger, directory: {} } as unknown as Store,
    prices: {} as PriceTable,
    log: createLogger({ level: "silent", release: "test" }),
    metrics: createMetrics(),
  });
  declared.set({ file: [limit({ name: "l", ...spec })], fileVersion: "1" });
  const ask = (callers: readonly Partial<LimitedCaller>[]) =>
    Promise.all(callers.map((who) => codeOf(admit(declared, { worst: 1 }, caller(who)))));
  return { asked, ask };
}

const budget = { month: 5, unknownPrice: { count: 2.5 } };

test("budgets of many are read from the ledger together, each with its own", async () => {
  const { asked, ask } = open({ per: "user", match: { agent: "desk" }, budget });
  const users = ["u1", "u5", "u4", "u?", "u0"].map((userId) => ({ userId, agent: "desk" }));
  assert.deepEqual(await ask(users), ["ok", "budget_exceeded", "ok", "budget_exceeded", "ok"]);
  assert.deepEqual(
    asked.map(([{ agent, userId }, dimension, count]) => [agent, userId, dimension, count]),
    [["desk", undefined, "userId", 5]],
  );
  for (const [per, name, dimension] of [
    ["key", "keyId", "keyId"],
    ["agent", "agent", "agent"],
    ["route", "route", "route"],
  ] as const) {
    const each = open({ per, budget });
    assert.deepEqual(await each.ask([{ [name]: "a5" }, { [name]: "a1" }]), ["budget_exceeded", "ok"], per);
    assert.deepEqual(
      each.asked.map(([, ...rest]) => rest),
      [[dimension, 2]],
    );
  }
});

test("a budget by itself is read by itself, and so is a tenant's", async () => {
  const { asked, ask } = open({ per: "key", budget });
  assert.deepEqual(await ask([{ keyId: "k5" }]), ["budget_exceeded"]);
  const tenant = open({ match: { key: "k1" }, budget });
  assert.deepEqual(await tenant.ask([{ keyId: "k1" }, { keyId: "k1" }]), ["ok", "ok"]);
  for (const [query, dimension] of [...asked, ...tenant.asked])
    assert.deepEqual([query.keyId?.slice(0, 1), dimension], ["k", undefined]);
});
