import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type CollectorSettings, eventCollector } from "../testing/event-collector.ts";
import { receiver, testPost } from "../testing/http-server.ts";
import { sinkRecord } from "../testing/records.ts";
import { createSplunkSink, type SplunkSettings } from "./splunk.ts";
import { ACK_DEADLINE_MS } from "./splunk-ack.ts";

const TOKEN = "b0221cd8-c4b4-465a-9a3c-273e3a75aa29";
const RECORDS = Array.from({ length: 5 }, (_, n) => sinkRecord(n + 1));
const idsOf = (events: readonly { readonly id: string }[]): readonly string[] => events.map(({ id }) => id);

async function setUp(t: TestContext, settings: Partial<CollectorSettings>, sinkSettings: Partial<SplunkSettings> = {}) {
  const all: CollectorSettings = { token: TOKEN, useAck: false, ...settings };
  const there = await eventCollector(t, all);
  let now = 1_795_000_000_000;
  const slept: number[] = [];
  const sink = createSplunkSink(
    { url: there.url, token: TOKEN, source: "slipway", sourcetype: "slipway:audit", ...sinkSettings },
    testPost(t, "splunk"),
    {
      now: () => now,
      sleep: (ms) => {
        slept.push(ms);
        now += ms;
        return Promise.resolve();
      },
    },
  );
  const { signal } = new AbortController();
  const deliver = (records = RECORDS) => sink.deliver(records, signal);
  const arrived = (): readonly string[] => idsOf(there.collector.indexed.map(({ event }) => event));
  return { ...there, settings: all, sink, deliver, arrived, slept };
}

test("records arrive compressed, in order, with time, index, source and sourcetype", async (t) => {
  const { deliver, collector, received, arrived } = await setUp(
    t,
    { indexes: ["audit"] },
    { index: "audit", host: "h1" },
  );
  assert.deepEqual(await deliver(), { kind: "delivered", count: 5 });
  assert.deepEqual(arrived(), idsOf(RECORDS));
  assert.equal(received.length, 1);
  assert.equal(received[0]?.headers["content-encoding"], "gzip");
  const [event] = collector.indexed;
  assert.equal(event?.time, (RECORDS[0]?.at.getTime() ?? 0) / 1000);
  assert.deepEqual(
    [event?.index, event?.host, event?.source, event?.sourcetype],
    ["audit", "h1", "slipway", "slipway:audit"],
  );
});

test("the collector's address may be given with or without its path", async (t) => {
  const { url } = await setUp(t, {});
  for (const path of ["", "/", "/services/collector", "/services/collector/event", "/services/collector/event/1.0"]) {
    const sink = createSplunkSink(
      { url: url + path, token: TOKEN, source: "s", sourcetype: "t" },
      testPost(t, "splunk"),
      { now: Date.now, sleep: () => Promise.resolve() },
    );
    assert.equal((await sink.deliver(RECORDS, new AbortController().signal)).kind, "delivered", path);
    assert.equal(sink.target, `${url}/services/collector/event`);
  }
});

test("with indexer acknowledgement records count when they are indexed, not when they are taken", async (t) => {
  const { deliver, collector, arrived, slept } = await setUp(t, { useAck: true });
  assert.deepEqual(await deliver(), { kind: "delivered", count: 5 });
  assert.deepEqual(arrived(), idsOf(RECORDS));
  assert.equal(collector.asked, 2, "the first question came before they were indexed");
  assert.deepEqual(slept, [500, 1000]);
});

test("what is taken and never acknowledged is not delivered; without acknowledgement nobody would know", async (t) => {
  const sure = await setUp(t, { useAck: true, loses: true });
  const delivery = await sure.deliver();
  assert.ok(delivery.kind === "failed" && /acknowledge/.test(delivery.reason));
  const waited = sure.slept.reduce((sum, ms) => sum + ms, 0);
  assert.ok(waited >= ACK_DEADLINE_MS && waited < ACK_DEADLINE_MS + 20_000);
  // The control: the same loss behind a token without acknowledgement counts as delivered.
  const unsure = await setUp(t, { useAck: false, loses: true });
  assert.equal((await unsure.deliver()).kind, "delivered");
  assert.deepEqual(unsure.arrived(), []);
});

test("codes 8 and 9 pass; those of token, index, channel and format wait for a person", async (t) => {
  const { deliver, settings, arrived } = await setUp(t, {});
  for (const code of [8, 9]) {
    settings.refuseWith = code;
    assert.equal((await deliver()).kind, "failed", String(code));
  }
  for (const code of [1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14]) {
    settings.refuseWith = code;
    const delivery = await deliver();
    assert.ok(delivery.kind === "refused" && delivery.reason.includes(`code ${code}:`), String(code));
  }
  settings.refuseWith = undefined;
  assert.equal((await deliver()).kind, "delivered");
  assert.deepEqual(arrived(), idsOf(RECORDS));
});

test("a wrong token or index is refused with what Splunk says", async (t) => {
  const wrongToken = await setUp(t, {}, { token: "another" });
  assert.deepEqual(await wrongToken.deliver(), {
    kind: "refused",
    reason: "Splunk answered 403 with code 4: Invalid token",
  });
  const wrongIndex = await setUp(t, { indexes: ["main"] }, { index: "audit" });
  assert.deepEqual(await wrongIndex.deliver(), {
    kind: "refused",
    reason: "Splunk answered 400 with code 7: Incorrect index",
  });
});

test("requests that are too large are made smaller, nothing is lost and the order stays", async (t) => {
  const records = Array.from({ length: 300 }, (_, n) => sinkRecord(n + 1));
  const { deliver, arrived, received } = await setUp(t, { maxBytes: 10_000, useAck: true });
  assert.deepEqual(await deliver(records), { kind: "delivered", count: 300 });
  assert.deepEqual(arrived(), idsOf(records));
  assert.ok(received.length > 4);
});

test("an answer of 200 that no collector gives is no delivery", async (t) => {
  const { url } = await receiver(t, () => ({ status: 200, body: "<html>Sign in</html>" }));
  const sink = createSplunkSink({ url, token: TOKEN, source: "s", sourcetype: "t" }, testPost(t, "splunk"), {
    now: Date.now,
    sleep: () => Promise.resolve(),
  });
  const delivery = await sink.deliver(RECORDS, new AbortController().signal);
  assert.equal(delivery.kind, "refused");
});
