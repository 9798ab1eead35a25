import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { AuditSinks } from "#store/audit-sinks.ts";
import { later, run, type TestDatabase } from "#store/testing/databases.ts";
import type { AuditSink } from "../sinks/sink.ts";
import { createWebhookSink } from "../sinks/webhook.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { type Reply, receiver, testPost } from "../testing/http-server.ts";
import { MemoryLog } from "../testing/records.ts";
import { expireLeases, realSinks, ScriptedSink, stage } from "../testing/stage.ts";

const MINUTE = 60_000;

/** Real time, for what a fake clock does not move. */
async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    assert.ok(tries < 1500, "did not come to pass");
    await sleep(10);
  }
}

type Check = (t: TestContext, sinks: AuditSinks, database: TestDatabase) => Promise<void>;

/** Minutes of 503 among records that keep coming; the ids of what was answered by 204, as a receiver keeps them apart. */
async function down(
  t: TestContext,
  sinks: AuditSinks,
  minutes: number,
  broken: (sink: AuditSink) => AuditSink = (sink) => sink,
) {
  let up = true;
  const good: string[] = [];
  const there = await receiver(t, ({ body }): Reply => {
    if (!up) return { status: 503 };
    good.push(
      ...(JSON.parse(body.toString()) as { data: { records: { id: string }[] } }).data.records.map(({ id }) => id),
    );
    return { status: 204 };
  });
  const clock = new FakeClock();
  const sink = createWebhookSink({ url: there.url, keys: [] }, testPost(t, "webhook"), () => clock.now());
  const { log, delivery, pass, told } = stage(t, sinks, broken(sink), { clock });
  log.add(50);
  delivery.start();
  await pass(5_000);
  up = false;
  for (let minute = 0; minute < minutes; minute += 1) {
    log.add(60);
    await pass(MINUTE);
  }
  up = true;
  log.add(50);
  await pass(6 * MINUTE);
  const messages = new Set(there.received.map(({ headers }) => headers["webhook-id"]));
  return {
    distinct: [...new Set(good)],
    expected: log.records.map(({ id }) => id),
    told: told.filter((line) => !line.startsWith("delivered") && line !== "failed again"),
    again: there.received.length > messages.size,
  };
}

/** One process is stopped while it sends; another takes over, does more, and then the first one's answer comes. */
async function takenOver(t: TestContext, sinks: AuditSinks, database: TestDatabase, first: AuditSinks) {
  const log = new MemoryLog();
  log.add(10);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const frozen = new ScriptedSink();
  frozen.answer = async (records) => {
    await released;
    return { kind: "delivered", count: records.length };
  };
  let told = false;
  const advance: AuditSinks["advance"] = async (lease, done) => {
    const moved = await first.advance(lease, done);
    told = true;
    return moved;
  };
  // Its clock stands still: it does not renew.
  const one = stage(t, { ...first, advance }, frozen, { log, clock: new FakeClock() });
  one.delivery.start();
  await until(() => frozen.pieces.length === 1);
  const healthy = new ScriptedSink();
  const two = stage(t, sinks, healthy, { log, holder: "process 2" });
  two.delivery.start();
  await two.pass(2_000);
  assert.deepEqual(healthy.arrived, [], "the lease is still the first one's");
  await expireLeases(database);
  await two.pass(5_000);
  assert.equal(healthy.arrived.length, 10);
  log.add(5);
  await two.pass(2_000);
  release();
  await until(() => told);
  const [report] = await sinks.list();
  return report;
}

const CHECKS: readonly (readonly [string, Check])[] = [
  [
    "a webhook that is down for ten minutes loses nothing, gets all in order, and nothing twice by its id",
    async (t, sinks) => {
      const { distinct, expected, told, again } = await down(t, sinks, 10);
      assert.deepEqual(distinct, expected);
      assert.ok(again, "nothing was tried while it was down");
      assert.deepEqual(told, ["failing", "back 60"]);
    },
  ],
  [
    "the control: a sink that takes every answer for a delivery loses what was sent while it was down, and it is seen",
    async (t, sinks) => {
      const { distinct, expected } = await down(t, sinks, 2, (sink) => ({
        ...sink,
        deliver: async (records, signal) => {
          await sink.deliver(records, signal);
          return { kind: "delivered", count: records.length };
        },
      }));
      assert.ok(distinct.length < expected.length);
    },
  ],
  [
    "a crash between delivery and cursor sends the same piece again; without the note of its end it would be another",
    async (t, sinks, database) => {
      const log = new MemoryLog();
      const clock = new FakeClock();
      log.add(30);
      const first = new ScriptedSink();
      // The process dies when the sink has the records, before anything is written down of it.
      const death = Promise.withResolvers<never>();
      const one = stage(t, { ...sinks, advance: () => death.promise }, first, { log, clock });
      later(t, () => death.reject(new Error("dead")));
      one.delivery.start();
      await until(() => first.pieces.length === 1);
      // More has happened until the next one begins.
      log.add(40);
      await expireLeases(database);
      const second = new ScriptedSink();
      const two = stage(t, sinks, second, { log, clock, holder: "process 2" });
      two.delivery.start();
      await two.pass(10_000);
      assert.deepEqual(second.pieces[0], first.pieces[0], "the piece is the same, and so is its message id");
      assert.deepEqual(
        second.arrived,
        log.records.map(({ id }) => id),
      );
      // The control: a successor that finds no such note takes as much as there is.
      await run(
        database.owner,
        "update slipway.audit_sinks set position = 0, sending_to = null, leased_until = '-infinity'",
      );
      await two.delivery.close();
      const third = new ScriptedSink();
      const three = stage(t, sinks, third, { log, clock, holder: "process 3" });
      three.delivery.start();
      await three.pass(10_000);
      assert.notDeepEqual(third.pieces[0], first.pieces[0]);
    },
  ],
  [
    "a process that is gone is followed by another, and what it still sends moves no cursor",
    async (t, sinks, database) => {
      const report = await takenOver(t, sinks, database, sinks);
      assert.deepEqual([report?.position, report?.holder], [15, "process 2"]);
    },
  ],
  [
    "the control: without its fence the first one moves the cursor back",
    async (t, sinks, database) => {
      const unfenced: AuditSinks = {
        ...sinks,
        async advance(_lease, { position }) {
          await run(database.owner, `update slipway.audit_sinks set position = ${position}`);
          return true;
        },
      };
      const report = await takenOver(t, sinks, database, unfenced);
      assert.equal(report?.position, 10);
    },
  ],
  [
    "410 switches a webhook off with an alarm; its records wait, and resuming sends all of them",
    async (t, sinks) => {
      const sink = new ScriptedSink();
      sink.answer = () => ({ kind: "gone", reason: "410" });
      const { log, delivery, pass, told } = stage(t, sinks, sink);
      log.add(10);
      delivery.start();
      await pass(6 * MINUTE);
      assert.equal(sink.pieces.length, 1, "it was tried again");
      assert.deepEqual(told, ["disabled"]);
      assert.equal(delivery.figures?.state, "disabled");
      sink.answer = (records) => ({ kind: "delivered", count: records.length });
      assert.equal(await sinks.resume("webhook"), true);
      await pass(10_000);
      assert.equal(sink.arrived.length, 10);
      assert.deepEqual(told, ["disabled", "resumed", "delivered 10"]);
    },
  ],
  [
    "who asks to be left alone is left alone",
    async (t, sinks) => {
      const sink = new ScriptedSink();
      sink.answer = () => ({ kind: "failed", reason: "429", afterMs: 4 * MINUTE });
      const { log, delivery, pass } = stage(t, sinks, sink);
      log.add(1);
      delivery.start();
      await pass(3.9 * MINUTE);
      assert.equal(sink.pieces.length, 1);
      await pass(2 * MINUTE);
      assert.equal(sink.pieces.length, 2);
    },
  ],
  [
    "a sink that refuses records keeps them, is tried every five minutes, and raises one alarm",
    async (t, sinks) => {
      const sink = new ScriptedSink("splunk");
      sink.answer = () => ({ kind: "refused", reason: "Incorrect index" });
      const { log, delivery, pass, told } = stage(t, sinks, sink);
      log.add(3);
      delivery.start();
      await pass(11 * MINUTE);
      assert.ok(sink.pieces.length >= 2 && sink.pieces.length <= 3, `${sink.pieces.length} tries`);
      assert.deepEqual(
        told.filter((line) => line !== "failed again"),
        ["refused"],
      );
      sink.answer = (records) => ({ kind: "delivered", count: records.length });
      await pass(5 * MINUTE);
      assert.equal(sink.arrived.length, 3);
    },
  ],
  [
    "a sink that never answers is ended at its deadline, and is given nothing more before it has ended",
    async (t, sinks) => {
      const sink = new ScriptedSink("stdout");
      let atOnce = 0;
      let most = 0;
      const { promise: opened, resolve: open } = Promise.withResolvers<void>();
      sink.answer = async (records) => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await opened;
        atOnce -= 1;
        return { kind: "delivered", count: records.length };
      };
      // Handed over around the stage, which would wait for its calls, and time would never pass.
      const { log, clock, delivery, told } = stage(t, sinks, sink, { sink });
      log.add(3);
      delivery.start();
      await until(() => most === 1);
      const pass = async (ms: number): Promise<void> => {
        await clock.pass(ms, () => sleep(30));
      };
      await pass(3_000);
      await pass(45_000);
      await until(() => told.length > 0);
      assert.equal(told[0], "failing");
      assert.equal(most, 1);
      open();
      await pass(MINUTE);
      assert.deepEqual(new Set(sink.arrived).size, 3);
      assert.equal(most, 1);
    },
  ],
];

test("the delivery to a sink, over a real PostgreSQL", async (t) => {
  const real = await realSinks(t);
  if (real === undefined) return;
  for (const [name, check] of CHECKS) {
    await t.test(name, async (inner) => {
      await run(real.database.owner, "delete from slipway.audit_sinks");
      await check(inner, real.sinks, real.database);
    });
  }
});
