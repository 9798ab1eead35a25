import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { answerKey } from "./answer-key.ts";
import { answerOf, ask, Client, fill, isHit, makeCache, Model, question } from "./testing.ts";

test("an equal question is answered with the same events, without the model, and booked as a line that used nothing", async () => {
  const { cache, lines } = makeCache();
  await fill(cache, answerOf("hello world"));
  const model = new Model();
  const second = await ask(cache, model, { request: question("hi", { stream: false }) });
  assert.equal(second.hit, true);
  assert.deepEqual(await second.whole, answerOf("hello world"));
  assert.equal(model.calls.length, 0);
  assert.equal(lines.length, 1);
  assert.deepEqual(
    [lines[0]?.source, lines[0]?.outcome, lines[0]?.provider, lines[0]?.cost, lines[0]?.usage.input],
    ["cache", "ok", "p", 0, 0],
  );
  // As the lines of calls do: without it nobody can tell what a route's or a user's cache is worth.
  assert.deepEqual([lines[0]?.route, lines[0]?.userId, lines[0]?.routesVersion], ["everyday", "u-1", "v-1"]);
});

test("another tenant's equal question is a miss", async () => {
  const { cache } = makeCache();
  await fill(cache, answerOf("a secret of t"), { tenantId: "t" });
  assert.equal(await isHit(cache, { tenantId: "u" }), false);
  assert.equal(await isHit(cache, { tenantId: "t" }), true);
});

test("control: under a key that leaves the tenant out, the other tenant would be given the answer", async () => {
  const { cache } = makeCache({ keyOf: (pepper, _, target, request) => answerKey(pepper, "", target, request) });
  await fill(cache, answerOf("a secret of t"), { tenantId: "t" });
  assert.equal(await isHit(cache, { tenantId: "u" }), true);
});

for (const reason of ["content_filter", "refusal", "pause"] as const) {
  test(`an answer that ended with ${reason} is not kept`, async () => {
    const { cache } = makeCache();
    await fill(cache, answerOf("no", reason));
    assert.equal(await isHit(cache), false);
  });
}

test("control: one that ended with length or tool_calls is", async () => {
  for (const reason of ["length", "tool_calls"] as const) {
    const { cache } = makeCache();
    await fill(cache, answerOf("yes", reason));
    assert.equal(await isHit(cache), true, reason);
  }
});

test("a failed, an aborted, an unfinished and a too large answer are not kept", async () => {
  const { cache } = makeCache({ maxBytes: 64 * 1024 });
  const failing = new Model();
  const failed = await ask(cache, failing);
  failing.calls[0]?.event({ type: "text", text: "half" });
  failing.calls[0]?.fail(new SlipwayError("provider_stream_broken", "cut"));
  await assert.rejects(failed.whole, { code: "provider_stream_broken" });
  assert.equal(await isHit(cache), false);

  const leaving = new Model();
  const left = await ask(cache, leaving);
  leaving.calls[0]?.event({ type: "text", text: "half" });
  left.call.abort();
  assert.equal(leaving.aborted, 1);
  assert.equal(await isHit(cache), false);

  await fill(cache, answerOf("whole").slice(0, 2));
  assert.equal(await isHit(cache), false);

  await fill(cache, answerOf("x".repeat(10_000)));
  assert.equal(await isHit(cache), false);
});

test("the policy decides: no reading, no storing, an age, a time, a kept answer or none", async () => {
  let now = 1_000_000;
  const { cache } = makeCache({ now: () => now });
  await fill(cache, answerOf("not kept"), { policy: { store: false } });
  assert.equal(await isHit(cache), false);
  await assert.rejects(ask(cache, new Model(), { policy: { onlyIfCached: true } }), {
    code: "not_cached",
    status: 504,
  });
  await fill(cache, answerOf("kept"));
  assert.equal(await isHit(cache, { policy: { read: false } }), false);
  now += 10_000;
  assert.equal(await isHit(cache, { policy: { maxAgeSeconds: 9 } }), false);
  const { hit, age, whole } = await ask(cache, new Model(), { policy: { maxAgeSeconds: 10, onlyIfCached: true } });
  assert.deepEqual([hit, age], [true, 10]);
  await whole;
  now += 50_000;
  assert.equal(await isHit(cache), false, "its time is over");
});

test("the bytes of kept answers are bounded; what was not used for longest goes", async () => {
  const { cache } = makeCache({ maxBytes: 20_000 });
  for (let n = 0; n < 100; n += 1) await fill(cache, answerOf("y".repeat(1000)), { request: question(`q${n}`) });
  const hits = [];
  for (let n = 0; n < 100; n += 1) hits.push(await isHit(cache, { request: question(`q${n}`) }));
  const kept = hits.filter(Boolean).length;
  assert.ok(kept >= 5 && kept <= 20, String(kept));
  assert.ok(hits.slice(-kept).every(Boolean));
});

test("equal questions at the same time reach the model once", async () => {
  const { cache } = makeCache();
  const model = new Model();
  const asked = Array.from({ length: 20 }, () => ask(cache, model));
  await model.untilCalls(1);
  await new Promise((resolve) => setImmediate(resolve));
  model.answer(0, answerOf("once"));
  const answers = await Promise.all(asked);
  for (const { whole } of answers) assert.deepEqual(await whole, answerOf("once"));
  assert.equal(model.calls.length, 1);
  assert.equal(answers.filter(({ hit }) => hit).length, 19);
});

test("control: questions that may not be kept reach it every time", async () => {
  const { cache } = makeCache();
  const model = new Model();
  const asked = Array.from({ length: 20 }, () => ask(cache, model, { policy: { store: false } }));
  await model.untilCalls(20);
  for (let n = 0; n < 20; n += 1) model.answer(n, answerOf("each"));
  await Promise.all(asked);
});

test("when the one that asks fails or leaves, the others ask by themselves", async () => {
  for (const end of ["fail", "abort"] as const) {
    const { cache } = makeCache();
    const model = new Model();
    const first = await ask(cache, model);
    const others = [ask(cache, model), ask(cache, model)];
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(model.calls.length, 1);
    if (end === "fail") model.calls[0]?.fail(new SlipwayError("provider_error", "no"));
    else first.call.abort();
    await model.untilCalls(3);
    model.answer(1, answerOf("second try"));
    model.answer(2, answerOf("second try"));
    for (const other of others) assert.deepEqual(await (await other).whole, answerOf("second try"));
  }
});

test("a client that leaves while it waits for another one's answer holds nothing", async () => {
  const { cache } = makeCache();
  const model = new Model();
  const first = await ask(cache, model);
  const client = new Client();
  const waiting = ask(cache, model, { client });
  await new Promise((resolve) => setImmediate(resolve));
  client.leave();
  // It waits no longer, although the first one has no answer yet.
  assert.equal((await waiting).hit, false);
  model.answer(0, answerOf("late"));
  await first.whole;
});
