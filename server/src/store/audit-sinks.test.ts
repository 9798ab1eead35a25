import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditSinks } from "./audit-sinks.ts";
import { createStore } from "./create-store.ts";
import { BACKENDS, later, run, type TestDatabase } from "./testing/databases.ts";

type Check = (sinks: AuditSinks, database: TestDatabase) => Promise<void>;

const claimOf = (holder: string, target = "there") => ({ target, holder, leaseMs: 60_000 });
const at = new Date(1_795_000_000_000);
const failure = { state: "failing", reason: "away", failures: 3, failingSince: at, nextTryAt: at } as const;

async function claimed(sinks: AuditSinks, holder = "a", target = "there") {
  const claim = await sinks.claim("webhook", claimOf(holder, target));
  assert.ok(claim, `${holder} did not get the sink`);
  return claim;
}

const expire = (database: TestDatabase) =>
  run(database.owner, "update slipway.audit_sinks set leased_until = '-infinity'");

const CHECKS: readonly (readonly [string, Check])[] = [
  [
    "of a crowd that claims a sink one gets it, and it begins before the first record",
    async (sinks) => {
      const claims = await Promise.all(Array.from({ length: 10 }, (_, n) => sinks.claim("webhook", claimOf(`p${n}`))));
      const [got, ...more] = claims.filter((claim) => claim !== undefined);
      assert.equal(more.length, 0);
      assert.deepEqual([got?.progress.position, got?.progress.sendingTo, got?.progress.state], [0, null, "working"]);
      assert.ok(await sinks.claim("file", claimOf("another")), "other sinks are free");
    },
  ],
  [
    "what was done is found by the next holder, and the one before can change nothing any more",
    async (sinks, database) => {
      const first = await claimed(sinks, "a");
      assert.equal(await sinks.begin(first.lease, 20), true);
      assert.equal(await sinks.advance(first.lease, { position: 10, count: 10, at }), true);
      assert.equal(await sinks.claim("webhook", claimOf("b")), undefined);
      await expire(database);
      const second = await claimed(sinks, "b");
      assert.deepEqual([second.progress.position, second.progress.sendingTo, second.progress.delivered], [10, 20, 10]);
      const { lease } = first;
      const refused = [
        await sinks.begin(lease, 30),
        await sinks.advance(lease, { position: 20, count: 10, at }),
        await sinks.fail(lease, failure),
        await sinks.shed(lease, { position: 20, count: 10 }),
      ];
      assert.deepEqual(refused, [false, false, false, false]);
      assert.equal(await sinks.renew(lease, 60_000), undefined);
      await sinks.release(lease);
      const [report] = await sinks.list();
      assert.deepEqual([report?.position, report?.holder, report?.state], [10, "b", "working"]);
    },
  ],
  [
    "a lease that has run out is kept while nobody wants it, and one that was given back is free at once",
    async (sinks, database) => {
      const { lease } = await claimed(sinks, "a");
      await expire(database);
      assert.ok(await sinks.renew(lease, 60_000));
      assert.equal(await sinks.claim("webhook", claimOf("b")), undefined);
      await sinks.release(lease);
      await claimed(sinks, "b");
      assert.equal(await sinks.advance(lease, { position: 1, count: 1, at }), false);
    },
  ],
  [
    "failures are kept over holders, and end with a success, with resuming, or with another target",
    async (sinks, database) => {
      let claim = await claimed(sinks);
      const fail = async (state: "failing" | "disabled"): Promise<void> => {
        assert.equal(await sinks.fail(claim.lease, { ...failure, state }), true);
        await expire(database);
      };
      await fail("failing");
      claim = await claimed(sinks);
      assert.deepEqual(
        [claim.progress.state, claim.progress.failures, claim.progress.failingSince],
        ["failing", 3, at],
      );
      assert.ok(await sinks.advance(claim.lease, { position: 5, count: 5, at }));
      assert.equal((await sinks.renew(claim.lease, 60_000))?.state, "working");
      await fail("disabled");
      assert.equal(await sinks.resume("webhook"), true);
      claim = await claimed(sinks);
      assert.equal(claim.progress.state, "working");
      await fail("disabled");
      claim = await claimed(sinks, "a", "elsewhere");
      assert.deepEqual([claim.progress.state, claim.progress.position, claim.progress.reason], ["working", 5, null]);
      assert.equal(await sinks.resume("splunk"), false);
    },
  ],
  [
    "shedding moves on only, is counted, and ends a piece that lies before",
    async (sinks) => {
      const { lease } = await claimed(sinks);
      await sinks.begin(lease, 10);
      assert.equal(await sinks.shed(lease, { position: 50, count: 50 }), true);
      assert.equal(await sinks.shed(lease, { position: 50, count: 0 }), false);
      const [report] = await sinks.list();
      assert.deepEqual([report?.position, report?.sendingTo, report?.shed], [50, null, 50]);
    },
  ],
];

for (const backend of BACKENDS) {
  test(`audit sinks on ${backend.name}`, async (t) => {
    const database = await backend.open(t);
    if (database === undefined) return;
    const store = createStore({ connection: database.connection });
    later(t, () => store.close());
    for (const [name, check] of CHECKS) {
      await t.test(name, async () => {
        await run(database.owner, "delete from slipway.audit_sinks");
        await check(store.auditSinks, database);
      });
    }
  });
}
