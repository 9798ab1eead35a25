import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditRecord } from "./audit-records.ts";
import { createStore } from "./create-store.ts";
import type { Store } from "./store.ts";
import { BACKENDS, connect, later, randomName, type TestDatabase } from "./testing/databases.ts";
import type { UsageEntry } from "./usage-ledger.ts";

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
      await store.usageLedger.append([
        entry(a),
        entry(b),
        entry(a),
        entry(a, { agent: "greeter", outcome: "aborted" }),
      ]);
      assert.deepEqual(await store.usageLedger.total(a, epoch), { calls: 3, usage: times(3) });
      assert.deepEqual(await store.usageLedger.total(b, epoch), { calls: 1, usage: times(1) });
      assert.deepEqual(await store.usageLedger.total(randomName("c"), epoch), { calls: 0, usage: times(0) });
      await store.usageLedger.append([]);
    },
  ],
  [
    "a total counts from its time on, to the millisecond",
    async (store) => {
      const a = randomName("a");
      const at = new Date("2026-01-02T03:04:05.678Z");
      await store.usageLedger.append([entry(a, { at })]);
      assert.equal((await store.usageLedger.total(a, at)).calls, 1);
      assert.equal((await store.usageLedger.total(a, new Date(at.getTime() + 1))).calls, 0);
    },
  ],
  [
    "an append that is sent again is counted once, also when both are under way",
    async (store) => {
      const a = randomName("a");
      const batch = Array.from({ length: 50 }, () => entry(a));
      await Promise.all([
        store.usageLedger.append(batch),
        store.usageLedger.append(batch.toReversed()),
        store.usageLedger.append(batch),
      ]);
      assert.deepEqual(await store.usageLedger.total(a, epoch), { calls: 50, usage: times(50) });
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
      await store.usageLedger.append([
        entry(a, { model: "nul\0 and \ud800 and {\"}',\\", agent: "", requestId: "x".repeat(9999) }),
        entry(a, { usage: odd }),
        entry(a),
      ]);
      const { calls, usage: sum } = await store.usageLedger.total(a, epoch);
      assert.deepEqual([calls, sum.input, sum.cachedRead, sum.cacheWrite, sum.output], [3, 2, 20, 201, 2000]);
      await store.auditRecords.append([record(a, { target: `${"x".repeat(9999)}\0`, code: "", requestId: "" })]);
      const [stored] = await store.auditRecords.list(a, 1);
      assert.deepEqual([stored?.target.length, stored?.code, stored?.requestId], [500, "-", "-"]);
    },
  ],
  [
    "audit records come back as they went in, newest first, each tenant's own",
    async (store) => {
      const [a, b] = [randomName("a"), randomName("b")];
      const old = record(a, { at: new Date(1000), outcome: "denied", code: "unauthenticated" });
      const young = record(a, { at: new Date(2000) });
      await store.auditRecords.append([old, record(b), young]);
      await store.auditRecords.append([old]);
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
      await assert.rejects(store.usageLedger.append([entry(a), wrong]), (error: Error) => {
        assert.doesNotMatch(error.message, /insert|usage_ledger/i);
        return "code" in error && error.code === "internal";
      });
      assert.equal((await store.usageLedger.total(a, epoch)).calls, 0);
      await store.usageLedger.append([entry(a)]);
      assert.equal((await store.usageLedger.total(a, epoch)).calls, 1);
    },
  ],
  [
    "the server's role cannot change or remove a line of the ledger or the audit",
    async (store, { connection }) => {
      const a = randomName("a");
      await store.usageLedger.append([entry(a)]);
      await store.auditRecords.append([record(a)]);
      const client = await connect(connection);
      try {
        for (const table of ["usage_ledger", "audit_records"]) {
          const tries = [
            `update slipway.${table} set request_id = 'x'`,
            `delete from slipway.${table}`,
            `truncate slipway.${table}`,
          ];
          for (const text of tries) {
            await client.query(`begin; set local role slipway_app; set local slipway.tenant_id = '${a}'`);
            await assert.rejects(client.query(text), { code: "42501" }, text);
            await client.query("rollback");
          }
        }
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
