import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createStore } from "./create-store.ts";
import type { Holder } from "./idempotency-records.ts";
import type { Store } from "./store.ts";
import { claimKey } from "./postgres/idempotency/claim.ts";
import { BACKENDS, connect, later, randomName, run, type TestDatabase } from "./testing/databases.ts";

type Check = (store: Store, tenantId: string, database: TestDatabase) => Promise<void>;

const holderOf = (keyHash: Uint8Array = randomBytes(32)): Holder => ({ keyHash, owner: randomName("owner") });
const requestOf = (change: { leaseMs?: number; ttlMs?: number; fingerprint?: Uint8Array } = {}) => ({
  fingerprint: Buffer.alloc(32, 1),
  leaseMs: 60_000,
  ttlMs: 60_000,
  ...change,
});
const answer = Buffer.from("sealed");

const CHECKS: readonly (readonly [string, Check])[] = [
  [
    "a key is taken once, told as running, and then as done with its answer",
    async (store, tenantId) => {
      const [first, second] = [holderOf(), holderOf()];
      const again = { ...second, keyHash: first.keyHash };
      assert.deepEqual(await store.idempotency.claim(tenantId, first, requestOf()), { status: "taken" });
      const running = await store.idempotency.claim(tenantId, again, requestOf({ fingerprint: Buffer.alloc(32, 2) }));
      assert.equal(running.status, "running");
      assert.ok(running.status === "running" && Buffer.alloc(32, 1).equals(running.fingerprint));
      assert.equal(await store.idempotency.finish(tenantId, first, answer), true);
      const done = await store.idempotency.claim(tenantId, again, requestOf());
      assert.ok(done.status === "done" && done.answer && answer.equals(done.answer));
    },
  ],
  [
    "of a crowd that claims one key, one takes it",
    async (store, tenantId) => {
      const keyHash = randomBytes(32);
      const claims = await Promise.all(
        Array.from({ length: 20 }, () => store.idempotency.claim(tenantId, holderOf(keyHash), requestOf())),
      );
      assert.equal(claims.filter(({ status }) => status === "taken").length, 1);
      assert.equal(claims.filter(({ status }) => status === "running").length, 19);
    },
  ],
  [
    "a key that is given back is free, and an answer that was not kept is told as such",
    async (store, tenantId) => {
      const first = holderOf();
      await store.idempotency.claim(tenantId, first, requestOf());
      await store.idempotency.release(tenantId, first);
      const second = holderOf(first.keyHash);
      assert.equal((await store.idempotency.claim(tenantId, second, requestOf())).status, "taken");
      await store.idempotency.finish(tenantId, second, null);
      const third = await store.idempotency.claim(tenantId, holderOf(first.keyHash), requestOf());
      assert.ok(third.status === "done" && third.answer === null);
    },
  ],
  [
    "a holder whose lease is over loses the key to the same request, and can then neither renew, finish nor give it back",
    async (store, tenantId) => {
      const gone = holderOf();
      await store.idempotency.claim(tenantId, gone, requestOf({ leaseMs: 0 }));
      const other = holderOf(gone.keyHash);
      const different = requestOf({ fingerprint: Buffer.alloc(32, 2) });
      assert.equal((await store.idempotency.claim(tenantId, other, different)).status, "running");
      assert.equal((await store.idempotency.claim(tenantId, other, requestOf())).status, "taken");
      assert.equal(await store.idempotency.renew(tenantId, gone, 60_000), false);
      assert.equal(await store.idempotency.finish(tenantId, gone, answer), false);
      await store.idempotency.release(tenantId, gone);
      assert.equal((await store.idempotency.claim(tenantId, holderOf(gone.keyHash), requestOf())).status, "running");
      assert.equal(await store.idempotency.finish(tenantId, other, answer), true);
    },
  ],
  [
    "a lease that is renewed holds",
    async (store, tenantId) => {
      const holder = holderOf();
      await store.idempotency.claim(tenantId, holder, requestOf({ leaseMs: 0 }));
      assert.equal(await store.idempotency.renew(tenantId, holder, 60_000), true);
      assert.equal((await store.idempotency.claim(tenantId, holderOf(holder.keyHash), requestOf())).status, "running");
    },
  ],
  [
    "what has expired is free for any request, and is removed by a purge that leaves the rest",
    async (store, tenantId, database) => {
      const [expired, fresh] = [holderOf(), holderOf()];
      for (const holder of [expired, fresh]) {
        await store.idempotency.claim(tenantId, holder, requestOf());
        await store.idempotency.finish(tenantId, holder, answer);
      }
      const hex = Buffer.from(expired.keyHash).toString("hex");
      await run(
        database.owner,
        `begin; select set_config('slipway.tenant_id', '${tenantId}', true); set local role slipway_app; ` +
          `update slipway.idempotency_records set expires_at = now() where key_hash = '\\x${hex}'; commit`,
      );
      const other = requestOf({ fingerprint: Buffer.alloc(32, 2), ttlMs: 0 });
      assert.equal((await store.idempotency.claim(tenantId, holderOf(expired.keyHash), other)).status, "taken");
      assert.equal(await store.idempotency.purge(tenantId), 1);
      assert.equal(await store.idempotency.purge(tenantId), 0);
      assert.equal((await store.idempotency.claim(tenantId, holderOf(fresh.keyHash), requestOf())).status, "done");
    },
  ],
  [
    "the same key of another tenant is another key, and a tenant that is not there is told",
    async (store, tenantId) => {
      const holder = holderOf();
      const other = randomName("other");
      await store.tenants.ensure(other, "Other");
      await store.idempotency.claim(tenantId, holder, requestOf());
      await store.idempotency.finish(tenantId, holder, answer);
      assert.equal((await store.idempotency.claim(other, holder, requestOf())).status, "taken");
      await assert.rejects(store.idempotency.claim("nobody", holder, requestOf()), { code: "not_found" });
    },
  ],
];

for (const backend of BACKENDS) {
  test(`idempotency records on ${backend.name}`, async (t) => {
    const database = await backend.open(t);
    if (!database) return;
    const store = createStore({ connection: database.connection });
    later(t, () => store.close());
    for (const [name, check] of CHECKS) {
      await t.test(name, async () => {
        const tenantId = randomName("tenant");
        await store.tenants.ensure(tenantId, "Tenant");
        await check(store, tenantId, database);
      });
    }
  });
}

test("a key that is taken while what has expired is removed stays taken", async (t) => {
  const database = await BACKENDS.find(({ name }) => name === "postgresql")?.open(t);
  if (!database) return;
  const store = createStore({ connection: database.connection });
  later(t, () => store.close());
  await store.tenants.ensure("t", "T");
  const holder = holderOf();
  await store.idempotency.claim("t", holder, requestOf({ ttlMs: 0 }));

  const other = await connect(database.connection);
  later(t, () => other.end());
  await other.query("begin; set local role slipway_app; set local slipway.tenant_id = 't'");
  const { text, values } = claimKey("t", holderOf(holder.keyHash), requestOf());
  assert.equal((await other.query(text, [...values])).rowCount, 1);
  const purged = store.idempotency.purge("t");
  const waits = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  const owner = await connect(database.owner);
  later(t, () => owner.end());
  while ((await owner.query(waits)).rowCount === 0) await new Promise((resolve) => setImmediate(resolve));
  await other.query("commit");

  assert.equal(await purged, 0);
  assert.equal((await store.idempotency.claim("t", holderOf(holder.keyHash), requestOf())).status, "running");
});
