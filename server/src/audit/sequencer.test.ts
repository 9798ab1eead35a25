import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { parseVerifierKey } from "@slipway/contracts/audit/checkpoint.ts";
import { type ExportFacts, type ExportFault, ExportVerifier } from "@slipway/contracts/audit/export.ts";
import { signingKeyOf, verifyEd25519 } from "#keys/signing-key.ts";
import { sha256 } from "#lib/sha256.ts";
import type { AuditChain, WaitingRecords } from "#store/audit-chain.ts";
import { createStore } from "#store/create-store.ts";
import type { NewAuditRecord } from "#store/audit-records.ts";
import type { Store } from "#store/store.ts";
import { createLogger } from "#telemetry/logger.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import { BACKENDS, later, randomName, run, type TestDatabase } from "#store/testing/databases.ts";
import { exportLog } from "./export.ts";
import { Retention, type RetentionBounds } from "./retention.ts";
import { createSequencer, type Sequencer } from "./sequencer.ts";
import { createCheckpointSigner } from "./signer.ts";
import { auditRecord } from "./testing.ts";
import { appendRecords } from "#store/testing/append.ts";

const signer = createCheckpointSigner(signingKeyOf(Buffer.alloc(32, 7)));
const log = createLogger({ level: "silent", release: "test" });

function sequencer(store: Store, metrics = createMetrics()): Sequencer {
  return createSequencer({
    chain: store.auditChain,
    records: store.auditRecords,
    signer,
    log,
    metrics,
    checkpointMs: 60_000,
    retention: { days: 0, delivered: () => Promise.resolve(undefined) },
  });
}

/** Removes what may be removed; answers how many records. */
async function retire(store: Store, bounds: RetentionBounds): Promise<number> {
  const retention = new Retention(store.auditChain, bounds, log);
  for (let sum = 0; ;) {
    const { removed, over } = await retention.removeFor(0);
    sum += removed;
    if (over) return sum;
  }
}

/** Puts everything that waits in order and signs it, as a server does at its end. */
async function sequence(store: Store): Promise<void> {
  const one = sequencer(store);
  one.start();
  await one.close(20_000);
}

async function verify(store: Store, tenantId: string): Promise<ExportFacts | ExportFault> {
  const key = parseVerifierKey(sha256, signer.verifierKey(tenantId));
  assert.ok(key);
  const verifier = new ExportVerifier({ sha256, verify: verifyEd25519 }, key);
  for await (const line of exportLog(store, tenantId)) if (!verifier.line(JSON.stringify(line))) break;
  return verifier.end();
}

// The database writes the canonical form that is hashed, the verifier makes it anew: both must spell every text alike.
const AWKWARD: Partial<NewAuditRecord> = {
  target: `ünï"\\/\u2028\u007f😀é${Array.from({ length: 31 }, (_, n) => String.fromCharCode(n + 1)).join("")}`,
  actor: "\ufeff\ufffe key \t",
  code: 'a\\u0041"',
  clientIp: "::ffff:1.2.3.4",
  cost: Number.MAX_SAFE_INTEGER,
  at: new Date("2026-03-29T01:30:00.007Z"),
};

const CHECKS: readonly (readonly [string, (store: Store, database: TestDatabase, t: TestContext) => Promise<void>])[] =
  [
    [
      "records of several tenants get places without gaps, and what is exported verifies",
      async (store) => {
        const [a, b] = [randomName("a"), randomName("b")];
        const before = await store.auditRecords.lastPosition();
        const records = Array.from({ length: 30 }, (_, n) => auditRecord(n % 3 === 0 ? b : a, n === 4 ? AWKWARD : {}));
        await appendRecords(store, [...records, records[0] ?? auditRecord(a)]);
        await sequence(store);
        await appendRecords(
          store,
          Array.from({ length: 7 }, () => auditRecord(a, { content: Buffer.from("sealed") })),
        );
        await sequence(store);
        assert.deepEqual(await verify(store, a), { tenantId: a, first: 1, last: 27, checkpoints: 2 });
        assert.deepEqual(await verify(store, b), { tenantId: b, first: 1, last: 10, checkpoints: 1 });
        const all = await store.auditRecords.sequenced(before, 100);
        assert.deepEqual(
          all.map(({ position }) => position),
          Array.from({ length: 37 }, (_, n) => before + 1 + n),
        );
        assert.deepEqual((await store.auditRecords.sequenced(before + 35, 100)).length, 2);
        assert.equal(await store.auditRecords.lastPosition(), before + 37);
        assert.deepEqual(await store.auditChain.waiting(10), []);
      },
    ],
    [
      "the records of many tenants get their places some tenants at a time, one time after the other",
      async (store) => {
        const before = await store.auditRecords.lastPosition();
        const tenants = Array.from({ length: 251 }, () => randomName("many"));
        await appendRecords(
          store,
          tenants.map((tenantId) => auditRecord(tenantId)),
        );
        const at: number[] = [];
        const { auditChain } = store;
        const told = {
          ...store,
          auditChain: {
            ...auditChain,
            place: (waiting: readonly WaitingRecords[], position: number) => {
              at.push(waiting.length);
              return auditChain.place(waiting, position);
            },
          },
        };
        await sequence(told);
        assert.deepEqual(at, [250, 1]);
        assert.equal(await store.auditRecords.lastPosition(), before + 251);
      },
    ],
    [
      "two sequencers at once give each record one place",
      async (store) => {
        const tenantId = randomName("a");
        // Leases aside: both believe that it is their turn.
        const lax = { ...store, auditChain: { ...store.auditChain, lease: () => Promise.resolve(true) } };
        const both = [sequencer(lax), sequencer(lax)];
        for (const one of both) one.start();
        for (let round = 0; round < 20; round += 1)
          await appendRecords(
            store,
            Array.from({ length: 10 }, () => auditRecord(tenantId)),
          );
        await Promise.all(both.map((one) => one.close(20_000)));
        await sequence(store);
        const facts = await verify(store, tenantId);
        assert.ok("last" in facts, JSON.stringify(facts));
        assert.equal(facts.last, 200);
      },
    ],
    [
      "one sequencer has its turn until it gives it back",
      async (store) => {
        assert.equal(await store.auditChain.lease("one", 60_000), true);
        assert.equal(await store.auditChain.lease("other", 60_000), false);
        assert.equal(await store.auditChain.lease("one", 60_000), true);
        await store.auditChain.release("other");
        assert.equal(await store.auditChain.lease("other", 60_000), false);
        await store.auditChain.release("one");
        assert.equal(await store.auditChain.lease("other", 1), true);
        await store.auditChain.release("other");
      },
    ],
    [
      "a record that the database's owner changes is found by whoever has the export, and one before a checkpoint is not signed",
      async (store, { owner }) => {
        const tenantId = randomName("a");
        await appendRecords(
          store,
          Array.from({ length: 20 }, () => auditRecord(tenantId)),
        );
        await sequence(store);
        await run(
          owner,
          `update slipway.audit_records r set target = 'another' from slipway.audit_chain c
         where c.tenant_id = '${tenantId}' and r.tenant_id = c.tenant_id and r.id = c.id and c.seq = 13`,
        );
        const found = await verify(store, tenantId);
        assert.ok("seq" in found && found.seq === 13, JSON.stringify(found));
        await appendRecords(store, [auditRecord(tenantId)]);
        const metrics = createMetrics();
        await run(
          owner,
          `update slipway.audit_records set target = 'mock' where tenant_id = '${tenantId}' and target = 'another'`,
        );
        // A link of the chain, not yet under a checkpoint.
        const unsigned = sequencer({
          ...store,
          auditChain: { ...store.auditChain, unsigned: () => Promise.resolve([]) },
        });
        unsigned.start();
        await unsigned.close(20_000);
        await run(
          owner,
          `update slipway.audit_chain set record_hash = sha256('x') where tenant_id = '${tenantId}' and seq = 21`,
        );
        const signing = sequencer(store, metrics);
        signing.start();
        await signing.close(20_000);
        assert.match(await metrics.registry.metrics(), /slipway_audit_broken_total\{\} [1-9]/);
        assert.equal((await store.auditChain.latestCheckpoint(tenantId))?.size, 20);
        await run(
          owner,
          `delete from slipway.audit_chain where tenant_id = '${tenantId}'; delete from slipway.audit_records where tenant_id = '${tenantId}'`,
        );
      },
    ],
    [
      "retention removes whole segments, keeps their checkpoints, and what is left verifies",
      async (store, { owner }) => {
        const tenantId = randomName("a");
        for (const size of [5, 6, 7]) {
          await appendRecords(
            store,
            Array.from({ length: size }, () => auditRecord(tenantId)),
          );
          await sequence(store);
        }
        const retention = { days: 30, delivered: () => Promise.resolve(undefined) };
        assert.equal(await retire(store, retention), 0);
        await run(
          owner,
          `update slipway.audit_checkpoints set at = at - interval '40 days' where tenant_id = '${tenantId}' and size <= 11`,
        );
        assert.equal(await retire(store, retention), 0, "the database kept nothing of the last week");
        await run(
          owner,
          `update slipway.audit_records set written_at = written_at - interval '40 days' where tenant_id = '${tenantId}';
         update slipway.audit_chain set sequenced_at = sequenced_at - interval '40 days' where tenant_id = '${tenantId}'`,
        );
        const needed = { ...retention, delivered: () => Promise.resolve(0) };
        assert.equal(await retire(store, needed), 0, "what was not delivered is gone");
        assert.equal(await retire(store, retention), 11);
        assert.deepEqual(await verify(store, tenantId), { tenantId, first: 12, last: 18, checkpoints: 1 });
        await appendRecords(store, [auditRecord(tenantId)]);
        await sequence(store);
        assert.deepEqual(await verify(store, tenantId), { tenantId, first: 12, last: 19, checkpoints: 2 });
        await run(
          owner,
          `update slipway.audit_chain set chain_hash = sha256('x') where tenant_id = '${tenantId}' and seq = 14`,
        );
        const found = await verify(store, tenantId);
        assert.ok("seq" in found && found.seq === 14, JSON.stringify(found));
      },
    ],
  ];

for (const backend of BACKENDS) {
  test(`audit records in order on ${backend.name}`, async (t) => {
    const database = await backend.open(t);
    if (!database) return;
    const store = createStore({ connection: database.connection });
    later(t, () => store.close());
    for (const [name, check] of CHECKS) await t.test(name, () => check(store, database, t));
  });
}

test("a round of checkpoints that lasts longer than a turn keeps no record from its place, and the turn is kept", async (t) => {
  let clock = 1_000;
  t.mock.method(performance, "now", () => clock);
  const tenants = Array.from({ length: 200 }, (_, n) => `t${String(n).padStart(3, "0")}`);
  const said: string[] = [];
  const over = Promise.withResolvers<void>();
  const chain: Pick<AuditChain, "lease" | "waiting" | "unsigned" | "latestCheckpoint" | "stretch" | "addCheckpoint"> = {
    lease: () => Promise.resolve(said.push("turn") > 0),
    waiting: () => Promise.resolve(said.push("looked") > 0 ? [] : []),
    unsigned: (after) => Promise.resolve(tenants.filter((id) => id > after)),
    latestCheckpoint: () => Promise.resolve(undefined),
    stretch() {
      clock += 100;
      const hash = sha256(Buffer.from("record"));
      return Promise.resolve({ links: 1, position: 1, chainHash: hash, recordHashes: hash });
    },
    addCheckpoint(tenantId) {
      said.push("signed");
      if (tenantId === tenants.at(-1)) over.resolve();
      return Promise.resolve();
    },
  };
  const one = createSequencer({
    chain: chain as AuditChain,
    records: { lastPosition: () => Promise.resolve(0) },
    signer,
    log,
    metrics: createMetrics(),
    checkpointMs: 60_000,
    retention: { days: 0, delivered: () => Promise.resolve(undefined) },
  });
  one.start();
  await over.promise;
  const until = said.join(" ");
  await one.close(0);
  assert.equal(until.match(/signed/g)?.length, tenants.length);
  const pieces = until.split(/(?:turn|looked)/).map((piece) => piece.trim().split(" ").length);
  // A turn lasts five seconds, and each log took a tenth of one.
  assert.ok(Math.max(...pieces) <= 25, `${Math.max(...pieces)} logs were signed at a stretch`);
});
