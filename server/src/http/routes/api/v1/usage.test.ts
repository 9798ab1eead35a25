import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { usageReportSchema } from "@slipway/contracts/api/usage.ts";
import { createPrincipal } from "#identity/principal.ts";
import type { UsageQuery, UsageSums } from "#store/usage-ledger.ts";
import { createLogger } from "#telemetry/logger.ts";
import { createApp } from "../../../app.ts";
import { beginContext } from "../../../context.ts";
import { RouteTable } from "../../../route-table.ts";
import { registerUsage } from "./usage.ts";

const NOW = Date.UTC(2026, 10, 21, 12);
const SUMS: UsageSums = {
  calls: 3,
  errors: 1,
  aborted: 1,
  estimated: 1,
  unpriced: 2,
  costMicros: 1_475,
  usage: { input: 1, cachedRead: 2, cacheWrite: 3, output: 4, reasoning: 5 },
};
const NAMES = { day: null, provider: null, model: null, keyId: null, agent: null };

/** The route on a port, over a ledger that notes what it was asked. */
async function serve(groups: number) {
  const asked: { tenantId: string; query: UsageQuery }[] = [];
  const report = (tenantId: string, query: UsageQuery) => {
    asked.push({ tenantId, query });
    const group = (n: number) => ({
      ...NAMES,
      ...(query.by.includes("model") ? { model: `m${n}` } : {}),
      ...(query.by.includes("key") ? { keyId: "key_1" } : {}),
      ...SUMS,
    });
    return Promise.resolve({
      total: SUMS,
      groups: Array.from({ length: Math.min(groups, query.limit) }, (_, n) => group(n)),
    });
  };
  const log = createLogger({ level: "silent", release: "test" });
  const principal = createPrincipal({ tenantId: "acme", keyId: "key_1", keyName: "k", via: "key", role: "viewer" });
  const services = { authenticate: () => principal, audit: () => false };
  const handler = createApp({ log, services, table: new RouteTable() }, (app) =>
    registerUsage(app, { report }, () => NOW),
  );
  const server = createServer((req, res) => void handler({ req, res, context: beginContext(req, undefined) }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/usage`;
  return { url, asked, close: () => new Promise((resolve) => server.close(resolve)) };
}

test("usage is answered for the caller's tenant, of the last 30 days unless it is said otherwise", async () => {
  const { url, asked, close } = await serve(0);
  const answer = usageReportSchema.strict().parse(await (await fetch(url)).json());
  assert.equal(asked[0]?.tenantId, "acme");
  assert.deepEqual(answer, {
    from: "2026-10-22T12:00:00.000Z",
    to: "2026-11-21T12:00:00.000Z",
    currency: "USD",
    total: {
      calls: 3,
      errors: 1,
      aborted: 1,
      estimated: 1,
      unpriced: 2,
      costMicros: 1_475,
      tokens: { input: 1, cachedRead: 2, cacheWrite: 3, output: 4, reasoning: 5 },
    },
    groups: [],
    truncated: false,
  });
  await fetch(`${url}?from=2026-11-01&to=2026-11-02T00:00:00%2B01:00`);
  assert.equal(asked[1]?.query.from.toISOString(), "2026-11-01T00:00:00.000Z");
  assert.equal(asked[1]?.query.to.toISOString(), "2026-11-01T23:00:00.000Z");
  await close();
});

test("groups name what they were divided by and nothing else, and it is said when there are more", async () => {
  const { url, close } = await serve(3);
  const ask = async (query: string) => usageReportSchema.parse(await (await fetch(`${url}?${query}`)).json());
  const some = await ask("by=model,agent,model&limit=2");
  assert.deepEqual([some.groups.length, some.truncated], [2, true]);
  assert.deepEqual(Object.keys(some.groups[0] ?? {}).slice(0, 2), ["model", "agent"]);
  assert.equal(some.groups[0]?.agent, null);
  const all = await ask("by=key&limit=3");
  assert.deepEqual([all.groups.length, all.truncated], [3, false]);
  assert.deepEqual(Object.keys(all.groups[0] ?? {}).slice(0, 2), ["key", "calls"]);
  await close();
});

test("a question that makes no sense is refused by the name of what is wrong", async () => {
  const { url, asked, close } = await serve(0);
  const wrong = [
    ["by=colour", "by.0"],
    ["by=", "by.0"],
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["from=yesterday", "from"],
    ["from=2026-11-21&to=2026-11-20", "from"],
    ["from=2020-01-01", "from"],
    ["since=2026-11-01", "body"],
  ] as const;
  for (const [query, param] of wrong) {
    const answer = await fetch(`${url}?${query}`);
    const problem = (await answer.json()) as { code: string; param: string };
    assert.deepEqual([answer.status, problem.code, problem.param], [400, "invalid_request", param], query);
  }
  assert.equal(asked.length, 0);
  await close();
});
