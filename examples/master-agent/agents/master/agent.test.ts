import assert from "node:assert/strict";
import { test } from "node:test";
import agent from "./agent.ts";
import { periodOf } from "./period.ts";

const context = {
  tenantId: "t1",
  agent: "master",
  runId: "run_1",
  threadId: "thr_1",
  signal: new AbortController().signal,
};

test("years, quarters, months and ISO weeks are resolved to their days", () => {
  assert.deepEqual(periodOf("2028"), { from: "2028-01-01", to: "2028-12-31", days: 366 });
  assert.deepEqual(periodOf("2026-Q4"), { from: "2026-10-01", to: "2026-12-31", days: 92 });
  assert.deepEqual(periodOf("2028-02"), { from: "2028-02-01", to: "2028-02-29", days: 29 });
  // ISO 8601: week 1 of 2026 begins in 2025, 2026 has 53 weeks and 2027 has 52.
  assert.deepEqual(periodOf("2026-W01"), { from: "2025-12-29", to: "2026-01-04", days: 7 });
  assert.deepEqual(periodOf("2026-W53"), { from: "2026-12-28", to: "2027-01-03", days: 7 });
  assert.equal(periodOf("2027-W53"), undefined);
});

test("what names no period is told so, and the year before comes along", () => {
  const tool = agent.tools?.["resolve_period"];
  assert.ok(tool);
  const call = (period: string): unknown => tool.run(tool.input.parse({ period }), context);
  assert.deepEqual(call("2026-Q3"), {
    period: "2026-Q3",
    from: "2026-07-01",
    to: "2026-09-30",
    days: 92,
    yearBefore: { period: "2025-Q3", from: "2025-07-01", to: "2025-09-30", days: 92 },
  });
  assert.match(String(call("2027-W53")), /no period 2027-W53/);
  assert.throws(() => call("last summer"));
});
