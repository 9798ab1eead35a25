import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { AuditSinks } from "#store/audit-sinks.ts";
import { run } from "#store/testing/databases.ts";
import { MemoryLog } from "../testing/records.ts";
import { realSinks, ScriptedSink, stage } from "../testing/stage.ts";
import { createDeliveries } from "./deliveries.ts";
import { lookAtSpool } from "./spool.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import { createLogger } from "#telemetry/logger.ts";

const MINUTE = 60_000;
const down = (): { readonly kind: "failed"; readonly reason: string } => ({ kind: "failed", reason: "down" });

type Check = (t: TestContext, sinks: AuditSinks) => Promise<void>;

/** A sink that is down while 300 records come, and then takes records again. */
async function downFor300(t: TestContext, sinks: AuditSinks, policy: "keep" | "shed") {
  const sink = new ScriptedSink();
  sink.answer = down;
  const made = stage(t, sinks, sink, { spool: { maxRecords: 100, maxAgeMs: 3_600_000, policy } });
  made.log.add(300, new Date(made.clock.now()));
  made.delivery.start();
  await made.pass(MINUTE);
  sink.answer = (records) => ({ kind: "delivered", count: records.length });
  await made.pass(6 * MINUTE);
  return { ...made, sink };
}

const CHECKS: readonly (readonly [string, Check])[] = [
  [
    "keep: a full spool raises an alarm, and everything arrives all the same",
    async (t, sinks) => {
      const { sink, log, told, gaps } = await downFor300(t, sinks, "keep");
      assert.deepEqual(
        sink.arrived,
        log.records.map(({ id }) => id),
      );
      assert.ok(told.includes("spool full"));
      assert.deepEqual(gaps, []);
    },
  ],
  [
    "shed: the oldest are passed over, the audit log is told which, and the rest arrives",
    async (t, sinks) => {
      const { sink, log, gaps } = await downFor300(t, sinks, "shed");
      assert.deepEqual(gaps, [{ sink: "webhook", from: 1, to: 200 }]);
      assert.deepEqual(
        sink.arrived,
        log.records.slice(200).map(({ id }) => id),
      );
      const [report] = await sinks.list();
      assert.deepEqual([report?.position, report?.shed, report?.delivered], [300, 200, 100]);
    },
  ],
  [
    "shed: a gap that cannot be written into the audit log is not made",
    async (t, sinks) => {
      const sink = new ScriptedSink();
      sink.answer = down;
      const { log, delivery, pass, told, clock } = stage(t, sinks, sink, {
        spool: { maxRecords: 10, maxAgeMs: 3_600_000, policy: "shed" },
        recordGap: () => Promise.reject(new Error("the database is away")),
      });
      log.add(30, new Date(clock.now()));
      delivery.start();
      await pass(MINUTE);
      assert.ok(told.includes("store away"));
      assert.equal((await sinks.list())[0]?.position, 0);
    },
  ],
  [
    "shed: what is too old goes, however little it is",
    async (t, sinks) => {
      const sink = new ScriptedSink();
      sink.answer = down;
      const { log, clock, delivery, pass, gaps } = stage(t, sinks, sink, {
        spool: { maxRecords: 1_000_000, maxAgeMs: 10 * MINUTE, policy: "shed" },
      });
      log.add(2_500, new Date(clock.now() - 11 * MINUTE));
      log.add(5, new Date(clock.now()));
      delivery.start();
      await pass(MINUTE);
      assert.deepEqual(gaps, [{ sink: "webhook", from: 1, to: 2_500 }]);
    },
  ],
  [
    "records that were retired before a sink had them are told of as a gap; a new sink begins with what there is",
    async (t, sinks) => {
      const sink = new ScriptedSink();
      const { log, delivery, pass, gaps } = stage(t, sinks, sink);
      log.add(10);
      log.records.splice(0, 5);
      delivery.start();
      await pass(2_000);
      assert.deepEqual(gaps, [], "it had never run");
      assert.equal(sink.arrived.length, 5);
      log.add(10);
      log.records.splice(0, log.records.length - 3);
      await pass(2_000);
      assert.deepEqual(gaps, [{ sink: "webhook", from: 11, to: 17 }]);
      assert.equal(sink.arrived.length, 8);
    },
  ],
  [
    "a database that is away stops a delivery for a while, and nothing else",
    async (t, sinks) => {
      const sink = new ScriptedSink();
      const { log, delivery, pass, told } = stage(t, sinks, sink);
      log.add(5);
      log.away = true;
      delivery.start();
      await pass(MINUTE);
      assert.deepEqual(new Set(told), new Set(["store away"]));
      log.away = false;
      await pass(5_000);
      assert.equal(sink.arrived.length, 5);
    },
  ],
  [
    "one sink that hangs holds up no other, and retention waits for the slowest unless records may be shed",
    async (_t, sinks) => {
      const log = new MemoryLog();
      log.add(250);
      const hung = new ScriptedSink("webhook");
      hung.answer = () => new Promise(() => {});
      const good = new ScriptedSink("file");
      const metrics = createMetrics();
      const options = {
        sinks: [hung, good],
        store: sinks,
        source: log,
        holder: "process 1",
        recordGap: () => Promise.resolve(),
        log: createLogger({ level: "silent", release: "test" }),
        metrics,
      };
      const spool = { maxRecords: 1000, maxAgeMs: 10 * 365 * 86_400_000 };
      const deliveries = createDeliveries({ ...options, spool: { ...spool, policy: "keep" } });
      deliveries.start();
      // What has arrived is counted once its cursor is written down.
      const counted = async () => (await deliveries.status()).find(({ name }) => name === "file")?.delivered;
      for (let tries = 0; (await counted()) !== 250; tries += 1) {
        assert.ok(tries < 1500, "the good sink was held up");
        await new Promise((done) => setTimeout(done, 10));
      }
      assert.equal(await deliveries.oldestNeeded(), 0);
      const [file, webhook] = await deliveries.status();
      assert.deepEqual([file?.name, file?.delivered, file?.waiting], ["file", 250, 0]);
      assert.deepEqual([webhook?.name, webhook?.delivered, webhook?.waiting], ["webhook", 0, 250]);
      const text = await metrics.registry.metrics();
      assert.match(text, /slipway_audit_sink_delivered_total\{sink="file"\} 250/);
      assert.match(text, /slipway_audit_sink_waiting_records\{sink="webhook"\} 250/);
      await deliveries.close(5_000);
      const shedding = createDeliveries({ ...options, spool: { ...spool, policy: "shed" } });
      assert.equal(await shedding.oldestNeeded(), undefined);
      assert.equal(
        await createDeliveries({ ...options, sinks: [], spool: { ...spool, policy: "keep" } }).oldestNeeded(),
        undefined,
      );
    },
  ],
];

test("spools and several sinks, over a real PostgreSQL", async (t) => {
  const real = await realSinks(t);
  if (real === undefined) return;
  for (const [name, check] of CHECKS) {
    await t.test(name, async (inner) => {
      await run(real.database.owner, "delete from slipway.audit_sinks");
      await check(inner, real.sinks);
    });
  }
});

test("a spool that keeps reads one record of those that are too old, however many there are; one that sheds finds their end", async () => {
  const log = new MemoryLog();
  const now = 1_795_000_000_000;
  log.add(5000, new Date(now - 3 * MINUTE));
  log.add(10, new Date(now));
  const look = async (policy: "keep" | "shed") => {
    log.reads = 0;
    const { overTo } = await lookAtSpool(log, 0, { maxRecords: 1_000_000, maxAgeMs: MINUTE, policy }, now);
    return { overTo, reads: log.reads };
  };
  assert.deepEqual(await look("keep"), { overTo: 1, reads: 1 });
  const shedding = await look("shed");
  assert.equal(shedding.overTo, 5000);
  assert.ok(shedding.reads > 5, `${shedding.reads}`);
});
