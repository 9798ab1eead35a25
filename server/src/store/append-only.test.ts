import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditRecord } from "./audit-records.ts";
import { createStore } from "./create-store.ts";
import type { Store } from "./store.ts";
import { BACKENDS, connect, later, randomName, type TestDatabase } from "./testing/databases.ts";
import type { UsageDimension, UsageEntry } from "./usage-ledger.ts";
import { appendRecords, appendUsage } from "./testing/append.ts";

const usage = { input: 1, cachedRead: 10, cacheWrite: 100, output: 1000, reasoning: 10_000 };
const times = (n: number) => ({
  input: n,
  cachedRead: 10 * n,
  cacheWrite: 100 * n,
  output: 1000 * n,
  reasoning: 10_000 * n,
});
const epoch = new Date(0);
let made = 0;

function entry(tenantId: string, change: Partial<UsageEntry> = {}): UsageEntry {
  made += 1;
  return {
    id: `use_${made}`,
    tenantId,
    requestId: "req_1",
    keyId: "key_1",
    agent: null,
    provider: "mock",
    model: "m",
    usage,
    source: "provider",
    cost: 1,
    priceVersion: "p1",
    outcome: "ok",
    at: new Date("2026-01-02T03:04:05.678Z"),
    ...change,
  };
}

function record(tenantId: string, change: Partial<AuditRecord> = {}): AuditRecord {
  made += 1;
  return {
    id: `aud_${made}`,
    tenantId,
    actor: "key:key_1",
    action: "model.call",
    target: "m",
    outcome: "ok",
    code: null,
    cost: null,
    clientIp: null,
    level: "metadata",
    requestId: "req_1",
    release: "r1",
    at: new Date("2026-01-02T03:04:05.678Z"),
    ...change,
  };
}

type Check = (store: Store, database: TestDatabase) => Promise<void>;

const CHECKS: readonly (readonly [string, Check])[] = [
  [
    "usage of several tenants is written in one call, each line under its own tenant",
    async (store) => {
      const [a, b] = [randomName("a"), randomName("b")];
      await appendUsage(store, [entry(a), entry(b), entry(a), entry(a, { agent: "greeter", outcome: "aborted" })]);
      assert.deepEqual(await store.usageLedger.total(a, epoch), { calls: 3, usage: times(3) });
      assert.deepEqual(await store.usageLedger.total(b, epoch), { calls: 1, usage: times(1) });
      assert.deepEqual(await store.usageLedger.total(randomName("c"), epoch), { calls: 0, usage: times(0) });
      await appendUsage(store, []);
    },
  ],
  [
    "a total counts from its time on, to the millisecond",
    async (store) => {
      const a = randomName("a");
      const at = new Date("2026-01-02T03:04:05.678Z");
      await appendUsage(store, [entry(a, { at })]);
      assert.equal((await store.usageLedger.total(a, at)).calls, 1);
      assert.equal((await store.usageLedger.total(a, new Date(at.getTime() + 1))).calls, 0);
    },
  ],
  [
    "an append that is sent again is counted once, also when both are under way",
    async (store) => {
      const a = randomName("a");
      const batch = Array.from({ length: 50 }, () => entry(a));
      await Promise.all([appendUsage(store, batch), appendUsage(store, batch.toReversed()), appendUsage(store, batch)]);
      assert.deepEqual(await store.usageLedger.total(a, epoch), { calls: 50, usage: times(50) });
    },
  ],
  [
    "of a batch that is there in part, in which an id comes twice, each line is kept once and nothing is left out",
    async (store) => {
      const [a, b] = [randomName("a"), randomName("b")];
      const lines = [entry(a), entry(b), entry(a), entry(a)];
      await appendUsage(store, lines.slice(0, 2));
      await appendUsage(store, [...lines, ...lines.slice(2, 3)]);
      assert.equal((await store.usageLedger.total(a, epoch)).calls, 3);
      assert.equal((await store.usageLedger.total(b, epoch)).calls, 1);
      const records = [record(a), record(b), record(a), record(a)];
      await appendRecords(store, records.slice(0, 2));
      await appendRecords(store, [...records, ...records.slice(2, 3)]);
      assert.deepEqual(
        (await store.auditRecords.list(a, 10)).map(({ id }) => id).toSorted(),
        records
          .filter(({ tenantId }) => tenantId === a)
          .map(({ id }) => id)
          .toSorted(),
      );
      const waiting = await store.auditChain.waiting(1000);
      assert.deepEqual(
        [a, b].map((tenantId) => waiting.find((one) => one.tenantId === tenantId)?.count),
        [3, 1],
        "each waits for its place once",
      );
    },
  ],
  [
    "what a client or a provider chose cannot hold up a batch",
    async (store) => {
      const a = randomName("a");
      const odd = {
        input: -5,
        cachedRead: Number.NaN,
        cacheWrite: 1.9,
        output: Number.POSITIVE_INFINITY,
        reasoning: 1e300,
      };
      await appendUsage(store, [
        entry(a, { model: "nul\0 and \ud800 and {\"}',\\", agent: "", requestId: "x".repeat(9999) }),
        entry(a, { usage: odd }),
        entry(a),
      ]);
      const { calls, usage: sum } = await store.usageLedger.total(a, epoch);
      assert.deepEqual([calls, sum.input, sum.cachedRead, sum.cacheWrite, sum.output], [3, 2, 20, 201, 2000]);
      await appendRecords(store, [record(a, { target: `${"x".repeat(9999)}\0`, code: "", requestId: "" })]);
      const [stored] = await store.auditRecords.list(a, 1);
      assert.deepEqual([stored?.target.length, stored?.code, stored?.requestId], [500, "-", "-"]);
    },
  ],
  [
    "costs add up exactly, to a million calls of a thousandth of a micro-dollar; an unknown one is counted and not 0",
    async (store) => {
      const a = randomName("a");
      const at = new Date("2026-03-01T00:00:00Z");
      const small = Array.from({ length: 1_000 }, () => entry(a, { cost: 1_001, at }));
      await appendUsage(store, [...small, entry(a, { cost: null, at }), entry(a, { cost: 0, at, source: "drained" })]);
      const query = { from: at, to: new Date(at.getTime() + 1), by: [], limit: 10 };
      const { total, groups } = await store.usageLedger.report(a, query);
      // 1,000 calls of 0.001001 micro-dollars: each alone would be rounded to nothing.
      assert.deepEqual([total.calls, total.unpriced, total.costMicros, groups], [1_002, 1, 1, []]);
      await appendUsage(store, [entry(a, { cost: Number.MAX_SAFE_INTEGER, at }), entry(a, { cost: -1, at })]);
      assert.equal((await store.usageLedger.report(a, query)).total.costMicros, 1 + 9_007_199_255);
    },
  ],
  [
    "a report divides the tenant's calls by what was asked, the latest day and the dearest first, and its total is of all",
    async (store) => {
      const [a, b] = [randomName("a"), randomName("b")];
      const at = (day: number, hour = 0) => new Date(Date.UTC(2026, 0, day, hour));
      await appendUsage(store, [
        entry(a, { at: at(1), model: "m1", cost: 5e6, agent: "desk", source: "estimated", outcome: "aborted" }),
        entry(a, { at: at(1, 23), model: "m2", cost: 7e6, keyId: "key_2" }),
        entry(a, { at: at(2), model: "m1", cost: 1e6, outcome: "error" }),
        entry(a, { at: at(3), model: "m1", cost: 1e6 }),
        entry(b, { at: at(1), model: "m1", cost: 99e6 }),
      ]);
      const span = { from: at(1), to: at(3), limit: 10 };
      const byModel = await store.usageLedger.report(a, { ...span, by: ["day", "model"] });
      assert.deepEqual(
        byModel.groups.map(({ day, model, provider, calls, costMicros }) => [day, model, provider, calls, costMicros]),
        [
          ["2026-01-02", "m1", null, 1, 1],
          ["2026-01-01", "m2", null, 1, 7],
          ["2026-01-01", "m1", null, 1, 5],
        ],
      );
      const { usage: sum, ...counts } = byModel.total;
      assert.deepEqual(counts, { calls: 3, errors: 1, aborted: 1, estimated: 1, unpriced: 0, costMicros: 13 });
      assert.deepEqual(sum, times(3));
      const names = async (by: UsageDimension, limit = 10) =>
        (await store.usageLedger.report(a, { ...span, by: [by], limit })).groups.map((group) => [
          group.keyId ?? group.agent ?? group.provider,
          group.calls,
        ]);
      assert.deepEqual(await names("key"), [
        ["key_2", 1],
        ["key_1", 2],
      ]);
      assert.deepEqual(await names("agent"), [
        [null, 2],
        ["desk", 1],
      ]);
      assert.deepEqual(await names("provider"), [["mock", 3]]);
      assert.deepEqual(await names("key", 1), [["key_2", 1]]);
      const none = await store.usageLedger.report(randomName("c"), { ...span, by: ["day"] });
      assert.deepEqual([none.total.calls, none.total.costMicros, none.total.usage, none.groups], [0, 0, times(0), []]);
    },
  ],
  [
    "what many keys, users, agents or routes have spent is the same asked for together and one by one",
    async (store) => {
      const a = randomName("a");
      const at = (day: number, ms = 0) => new Date(Date.UTC(2026, 0, day, 0, 0, 0, ms));
      await appendUsage(store, [
        entry(a, { at: at(1), keyId: "k1", userId: "u1", agent: "desk", route: "r", cost: 1_001 }),
        entry(a, { at: at(1), keyId: "k1", userId: "u2", route: "r", cost: 1_001 }),
        entry(a, { at: at(2, -1), keyId: "k2", userId: "u1", route: "r2", cost: null }),
        entry(a, { at: at(1, -1), keyId: "k2", userId: "u1", cost: 5_000 }),
        entry(a, { at: at(2), keyId: "k2", userId: "u1", cost: 5_000 }),
        entry(randomName("b"), { at: at(1), keyId: "k1", userId: "u1", cost: 5_000 }),
      ]);
      const span = { from: at(1), to: at(2) };
      const subjects = {
        keyId: ["k2", "none", "k1", "k2"],
        userId: ["u1", "u2"],
        agent: ["desk", ""],
        route: ["r2", "r", "r\0"],
      };
      for (const dimension of ["keyId", "userId", "agent", "route"] as const) {
        const asked = subjects[dimension];
        const together = await store.usageLedger.spentByEach(a, span, dimension, asked);
        const apart = asked.map((subject) => store.usageLedger.spent(a, { ...span, [dimension]: subject }));
        assert.deepEqual(together, await Promise.all(apart), dimension);
      }
      const spent = await store.usageLedger.spentByEach(a, span, "keyId", subjects.keyId);
      assert.deepEqual(
        spent.map(({ nano, unknown }) => [nano, unknown]),
        [
          [0, 1],
          [0, 0],
          [3, 0],
          [0, 1],
        ],
      );
      const ofUser = { ...span, userId: "u2" };
      assert.deepEqual(await store.usageLedger.spentByEach(a, ofUser, "keyId", ["k1", "k2"]), [
        { nano: 2, unknown: 0 },
        { nano: 0, unknown: 0 },
      ]);
    },
  ],
  [
    "audit records come back as they went in, newest first, each tenant's own",
    async (store) => {
      const [a, b] = [randomName("a"), randomName("b")];
      const old = record(a, {
        at: new Date(1000),
        outcome: "denied",
        code: "unauthenticated",
        cost: 7,
        clientIp: "::1",
      });
      const young = record(a, { at: new Date(2000) });
      await appendRecords(store, [old, record(b), young]);
      await appendRecords(store, [old]);
      assert.deepEqual(await store.auditRecords.list(a, 10), [young, old]);
      assert.deepEqual(await store.auditRecords.list(a, 1), [young]);
      assert.equal((await store.auditRecords.list(b, 10)).length, 1);
    },
  ],
  [
    "a batch of which one line is refused keeps none",
    async (store) => {
      const [a, b] = [randomName("a"), randomName("b")];
      const wrong = entry(b, { source: "guessed" as "none" });
      await assert.rejects(appendUsage(store, [entry(a), wrong]), (error: Error) => {
        assert.doesNotMatch(error.message, /insert|usage_ledger/i);
        return "code" in error && error.code === "internal";
      });
      assert.equal((await store.usageLedger.total(a, epoch)).calls, 0);
      await appendUsage(store, [entry(a)]);
      assert.equal((await store.usageLedger.total(a, epoch)).calls, 1);
    },
  ],
  [
    "the server's role cannot change or remove a line of the ledger or the audit, or a version of an agent",
    async (store, { connection }) => {
      const a = randomName("a");
      await appendUsage(store, [entry(a)]);
      await appendRecords(store, [record(a)]);
      const client = await connect(connection);
      try {
        const tries = [
          "update slipway.usage_ledger set request_id = 'x'",
          "delete from slipway.usage_ledger",
          "update slipway.audit_records set request_id = 'x'",
          "update slipway.audit_chain set seq = seq",
          "update slipway.audit_checkpoints set note = 'x'",
          "delete from slipway.audit_checkpoints",
          "update slipway.agent_versions set spec = spec",
          "delete from slipway.agent_versions",
          ...["usage_ledger", "audit_records", "audit_chain", "audit_checkpoints", "agent_versions"].map(
            (table) => `truncate slipway.${table}`,
          ),
        ];
        for (const text of tries) {
          await client.query(`begin; set local role slipway_app; set local slipway.tenant_id = '${a}'`);
          await assert.rejects(client.query(text), { code: "42501" }, text);
          await client.query("rollback");
        }
        await client.query(`begin; set local role slipway_app; set local slipway.tenant_id = '${a}'`);
        assert.equal(
          (await client.query("delete from slipway.audit_records")).rowCount,
          0,
          "a young record was removed",
        );
        await client.query("rollback");
      } finally {
        await client.end();
      }
      assert.equal((await store.usageLedger.total(a, epoch)).calls, 1);
    },
  ],
];

for (const backend of BACKENDS) {
  test(`the append-only tables on ${backend.name}`, async (t) => {
    const database = await backend.open(t);
    if (!database) return;
    const store = createStore({ connection: database.connection });
    later(t, () => store.close());
    for (const [name, check] of CHECKS) await t.test(name, () => check(store, database));
  });
}
