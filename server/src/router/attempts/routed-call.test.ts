import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { createRouter } from "../router.ts";
import {
  failWith,
  hear,
  say,
  scriptedProvider,
  testLog,
  testBooks,
  testOrigin,
  testRequest,
  type Turn,
} from "../testing.ts";

function make(...turns: readonly Turn[]) {
  const provider = scriptedProvider("openai");
  if (turns.length > 0) provider.script(...turns);
  const meter = testBooks();
  const log = testLog();
  const router = createRouter({ ...meter, log, providers: new Map([["openai", provider]]), random: () => 0 });
  const ask = (msLeft?: number) =>
    hear((sink) => router.call(router.resolve("gpt-x", "t"), testRequest("gpt-x"), testOrigin(msLeft), sink));
  /** How the calls ended, once those of which nobody knows what they used are counted. */
  const booked = async (): Promise<string[]> => {
    await router.settle(0);
    return meter.lines.map((line) => line.outcome).toSorted();
  };
  return { provider, meter, log, router, ask, booked };
}

test("an answer that goes well is one attempt, one ledger line, and every event in order", async () => {
  const { provider, meter, ask } = make(say("fine"));
  const { events, error } = await ask();
  assert.equal(error, undefined);
  assert.deepEqual(
    events.map((event) => event.type),
    ["start", "text", "finish"],
  );
  assert.equal(provider.asked.length, 1);
  assert.deepEqual(
    meter.lines.map((line) => line.outcome),
    ["ok"],
  );
});

test("what fails before its first word is tried again, unheard, and each attempt has its ledger line", async () => {
  for (const code of [
    "provider_error",
    "provider_timeout",
    "provider_stream_broken",
    "provider_rate_limited",
  ] as const) {
    const begun: Turn = [{ type: "start", id: "of the failed one" }, new SlipwayError(code, "It broke.")];
    const { provider, ask, booked } = make(begun, say("second"));
    const { events, error, text } = await ask();
    assert.equal(error, undefined, code);
    assert.equal(text, "second");
    assert.deepEqual(events[0], { type: "start", id: "id-second", model: "m" });
    assert.equal(provider.asked.length, 2);
    assert.deepEqual(await booked(), ["error", "ok"]);
  }
});

test("what fails after its first word is told and never replaced", async () => {
  const broken: Turn = [{ type: "text", text: "once" }, new SlipwayError("provider_stream_broken", "It broke.")];
  const { provider, ask } = make(broken, say("second"));
  const { text, error } = await ask();
  assert.equal(text, "once");
  assert.equal(error?.code, "provider_stream_broken");
  assert.equal(provider.asked.length, 1);
});

test("what is the client's fault, or a wrong key, is not tried again", async () => {
  for (const code of [
    "provider_rejected",
    "provider_auth",
    "model_not_found",
    "unsupported_field",
    "internal",
  ] as const) {
    const { provider, ask } = make(failWith(code), say("second"));
    assert.equal((await ask()).error?.code, code);
    assert.equal(provider.asked.length, 1, code);
  }
});

test("retries end after two, and with the last failure", async () => {
  const { provider, ask } = make(failWith("provider_error"));
  assert.equal((await ask()).error?.code, "provider_error");
  assert.equal(provider.asked.length, 3);
});

test("a wish to wait longer than the request has is not waited for", async () => {
  for (const [seconds, msLeft] of [
    [3, 2_000],
    [60, 600_000],
  ] as const) {
    const { provider, ask } = make(failWith("provider_rate_limited", { retryAfter: seconds }), say("second"));
    const { error } = await ask(msLeft);
    assert.equal(error?.code, "provider_rate_limited");
    assert.equal(error.retryAfter, seconds);
    assert.equal(provider.asked.length, 1);
  }
});

test("a wish to wait that fits is granted before the same target is asked again", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { provider, ask } = make(failWith("provider_rate_limited", { retryAfter: 2 }), say("second"));
  const answer = ask();
  const turns = async (): Promise<void> => {
    for (let count = 0; count < 20; count += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  await turns();
  t.mock.timers.tick(1_999);
  await turns();
  assert.equal(provider.asked.length, 1);
  t.mock.timers.tick(100);
  await turns();
  assert.equal(provider.asked.length, 2);
  assert.equal((await answer).text, "second");
});

test("a provider that always fails is asked at most 1.2 times as often as clients ask, and then less and less", async () => {
  const { provider, ask, meter, log } = make(failWith("provider_error"));
  const codes = new Set<string | undefined>();
  for (let count = 0; count < 200; count += 1) codes.add((await ask()).error?.code);
  assert.ok(provider.asked.length <= 240, `${provider.asked.length} upstream for 200 requests`);
  assert.deepEqual([...codes], ["provider_error", "provider_unavailable"]);
  assert.deepEqual(
    log.lines.map(({ message }) => message),
    ["a target is taken out: its calls fail"],
  );
  const metrics = await meter.metrics.registry.metrics();
  assert.match(metrics, /slipway_breaker_changes_total\{target="openai",to="open"\} 1/);
  assert.match(
    metrics,
    new RegExp(`slipway_attempts_total\\{target="openai",outcome="error"\\} ${provider.asked.length}`),
  );
  assert.match(metrics, /slipway_retries_denied_total\{provider="openai"\} \d+/);
});

test("answers that a model wrote amiss, however many, take the target from nobody", async () => {
  const { provider, ask, log } = make(failWith("provider_answer_unusable"));
  for (let count = 0; count < 30; count += 1) assert.equal((await ask()).error?.code, "provider_answer_unusable");
  assert.ok(provider.asked.length > 30, "each may be tried again");
  assert.deepEqual(log.lines, []);
});

test("a client that leaves ends the attempt, and a retry that waits is not made", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { provider, router, booked } = make(["hang"]);
  const sink = { event: () => assert.fail(), end: () => assert.fail(), fail: () => assert.fail() };
  const running = router.call(router.resolve("gpt-x", "t"), testRequest("gpt-x"), testOrigin(), sink);
  running.abort();
  running.abort();
  assert.equal(provider.aborted, 1);
  provider.script(failWith("provider_rate_limited", { retryAfter: 1 }));
  const waiting = router.call(router.resolve("gpt-x", "t"), testRequest("gpt-x"), testOrigin(), sink);
  for (let count = 0; count < 5; count += 1) await new Promise((resolve) => setImmediate(resolve));
  waiting.abort();
  t.mock.timers.tick(10_000);
  assert.equal(provider.asked.length, 2);
  assert.equal(router.resolve("gpt-x", "t").only?.state.inFlight, 0);
  t.mock.timers.reset();
  assert.deepEqual(await booked(), ["aborted", "error"]);
});

/** Requests upstream for each of a client's, when every other one fails there. */
async function brownOut(retries?: { ratio: number; least: number }): Promise<number> {
  const provider = scriptedProvider("openai");
  const router = createRouter({
    ...testBooks(),
    log: testLog(),
    providers: new Map([["openai", provider]]),
    random: () => 0,
    ...(retries ? { retries } : {}),
  });
  const clients = 300;
  const chance = [false, true, true, false, true, false, false, true];
  for (let count = 0; count < clients; count += 1) {
    provider.script(
      ...[...chance.slice(count % 8), ...chance].map((fails) => (fails ? failWith("provider_error") : say("ok"))),
    );
    await hear((sink) => router.call(router.resolve("gpt-x", "t"), testRequest("gpt-x"), testOrigin(), sink));
  }
  return provider.asked.length / clients;
}

test("in a brown-out of one half an upstream sees at most 1.2 times what clients send; control: without a budget it sees more", async () => {
  const within = await brownOut();
  assert.ok(within <= 1.2 && within > 1.1, String(within));
  const without = await brownOut({ ratio: 10, least: 1_000 });
  assert.ok(without > 1.4, String(without));
});
