import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "@slipway/contracts/model/request.ts";
import { routeSpecSchema } from "@slipway/contracts/spec/route.ts";
import {
  type ScriptedProvider,
  failWith,
  hear,
  say,
  scriptedProvider,
  testLog,
  testBooks,
  testOrigin,
  testRequest,
} from "../../testing.ts";
import { createRouter } from "../../router.ts";

const NAMES = ["openai", "anthropic", "google", "openai-compatible"] as const;

/** Chance that repeats itself. */
function chance(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function make(route: object, random = chance()) {
  const providers = new Map(NAMES.map((name) => [name as string, scriptedProvider(name)]));
  const meter = testBooks();
  const log = testLog();
  const router = createRouter({ ...meter, log, providers, random });
  router.setRoutes({ file: [routeSpecSchema.parse({ name: "r", ...route })], fileVersion: "f" });
  const ask = async (more: object = {}) =>
    hear((sink) => router.call(router.resolve("r", "t"), { ...testRequest("r"), ...more }, testOrigin(), sink));
  const get = (name: (typeof NAMES)[number]): ScriptedProvider => {
    const provider = providers.get(name);
    assert.ok(provider);
    return provider;
  };
  const counts = () => NAMES.map((name) => get(name).asked.length);
  return { router, ask, get, counts, meter, log };
}

const all = NAMES.map((name) => ({ target: `${name}/m` }));

test("priority asks the first until it fails, and the next at once then", async () => {
  const { ask, get, counts } = make({ strategy: "priority", targets: all });
  assert.equal((await ask()).text, "openai");
  get("openai").script(failWith("provider_error"));
  assert.equal((await ask()).text, "anthropic");
  assert.deepEqual(counts(), [2, 1, 0, 0]);
});

test("priority goes by the numbers where they are given", async () => {
  const targets = all.map((target, index) => ({ ...target, priority: index === 2 ? 0 : 5 }));
  const { ask } = make({ strategy: "priority", targets });
  assert.equal((await ask()).text, "google");
});

test("weights are the shares of the requests", async () => {
  const { ask, counts } = make({
    strategy: "weighted",
    targets: all.slice(0, 2).map((target, index) => ({ ...target, weight: index === 0 ? 3 : 1 })),
  });
  for (let count = 0; count < 400; count += 1) await ask();
  const [first = 0, second = 0] = counts();
  assert.equal(first + second, 400);
  assert.ok(first > 270 && first < 330, `${first} of 400 for a weight of three quarters`);
});

test("price asks the cheapest, and a target whose price nobody knows last", async () => {
  const targets = [
    { target: "openai/m" },
    { target: "anthropic/m", price: { input: 1, output: 5 } },
    { target: "google/m", price: { input: 0.3, output: 2.5 } },
  ];
  const { ask, get } = make({ strategy: "price", targets });
  assert.equal((await ask()).text, "google");
  get("google").script(failWith("provider_error"));
  get("anthropic").script(failWith("provider_error"));
  assert.equal((await ask()).text, "openai");
});

test("latency leaves the slow one alone, and asks it again when it was slow long ago", async () => {
  const { router, ask, counts } = make({ strategy: "latency", targets: all.slice(0, 2) });
  for (let count = 0; count < 20; count += 1) await ask();
  const [slow] = router.resolve("r", "t").pools[0]?.targets ?? [];
  assert.ok(slow);
  const now = performance.now();
  slow.state.latency.observe(5_000, now);
  const [before = 0] = counts();
  for (let count = 0; count < 50; count += 1) await ask();
  assert.equal(counts()[0], before);
  slow.state.latency.observe(5_000, now - 10 * 60_000);
  assert.ok(slow.state.latency.at(now + 10 * 60_000) < 1);
});

test("fallbacks are asked in their order when no target of the route answers, and what is the client's fault is not sent to them", async () => {
  const { ask, get, counts } = make({
    targets: all.slice(0, 1),
    fallback: ["anthropic/m", "google/m"],
    retry: { retries: 0 },
  });
  get("openai").script(failWith("provider_error"));
  get("anthropic").script(failWith("provider_auth"));
  assert.equal((await ask()).text, "google");
  get("openai").script(failWith("provider_rejected"));
  assert.equal((await ask()).error?.code, "provider_rejected");
  assert.deepEqual(counts(), [2, 1, 1, 0]);
});

test("what one target cannot carry goes to one that can, and is told when none can", async () => {
  const { ask, get } = make({ targets: all.slice(0, 2) });
  get("openai").script(failWith("unsupported_field"));
  assert.equal((await ask()).text, "anthropic");
  get("anthropic").script(failWith("unsupported_field"));
  assert.equal((await ask()).error?.code, "unsupported_field");
  get("openai").script(failWith("provider_error"));
  assert.equal((await ask()).error?.code, "provider_error", "a failure is the better news");
});

test("a target that limits requests is passed over until its time is up, and no breaker opens", async () => {
  const { ask, get, counts, log } = make({ targets: all.slice(0, 2) });
  get("openai").script(failWith("provider_rate_limited", { retryAfter: 30 }));
  for (let count = 0; count < 30; count += 1) assert.equal((await ask()).text, "anthropic");
  assert.deepEqual(counts(), [1, 30, 0, 0]);
  assert.deepEqual(log.lines, []);
});

test("when all of them limit requests the client hears when to come back, and nobody is asked", async () => {
  const { ask, get, counts } = make({ targets: all.slice(0, 2) });
  get("openai").script(failWith("provider_rate_limited", { retryAfter: 30 }));
  get("anthropic").script(failWith("provider_rate_limited", { retryAfter: 20 }));
  await ask();
  const { error } = await ask();
  assert.equal(error?.code, "provider_rate_limited");
  assert.ok((error.retryAfter ?? 0) > 10 && (error.retryAfter ?? 0) <= 20, String(error.retryAfter));
  assert.deepEqual(counts(), [1, 1, 0, 0]);
});

test("a target that keeps failing is taken out after five failures, with one line in the log", async () => {
  const { ask, get, counts, log } = make({ targets: all.slice(0, 2) });
  get("openai").script(failWith("provider_error"));
  for (let count = 0; count < 50; count += 1) assert.equal((await ask()).text, "anthropic");
  assert.deepEqual(counts(), [5, 50, 0, 0]);
  assert.equal(log.lines.length, 1);
});

const user = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });
const assistant = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }] });

test("affinity: each conversation goes back to where it was, new ones are spread", async () => {
  const { ask } = make({ strategy: "affinity", targets: all });
  const homes = new Set<string>();
  for (let talk = 0; talk < 20; talk += 1) {
    const messages = [user(`conversation ${talk}`)];
    const first = (await ask({ messages })).text;
    homes.add(first);
    for (let turn = 0; turn < 5; turn += 1) {
      messages.push(assistant(`answer ${turn}`), user(`question ${turn}`));
      assert.equal((await ask({ messages })).text, first, `conversation ${talk}, turn ${turn}`);
    }
  }
  assert.equal(homes.size, NAMES.length);
});

test("affinity: another tenant's same words lead nowhere, nor does a prompt that was forgotten", async () => {
  const { router, get } = make({ strategy: "affinity", targets: all, affinity: { ttl: "1ms" } });
  const homes = new Set<string>();
  for (let turn = 0; turn < 40; turn += 1) {
    const { text } = await hear((sink) =>
      router.call(router.resolve("r", "t"), testRequest("r", "same"), testOrigin(), sink),
    );
    homes.add(text);
    const gone = performance.now() + 2;
    while (performance.now() < gone) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(homes.size > 1);
  const held = make({ strategy: "affinity", targets: all });
  const tenants = new Set<string>();
  for (let tenant = 0; tenant < 40; tenant += 1) {
    const origin = { ...testOrigin(), tenantId: `t${tenant}` };
    tenants.add(
      (await hear((sink) => held.router.call(held.router.resolve("r", "t"), testRequest("r", "same"), origin, sink)))
        .text,
    );
  }
  assert.ok(tenants.size > 1);
  assert.ok(get("openai").asked.length > 0);
});

test("affinity: a broken home is left, and one that has far more to do than the others too", async () => {
  const { ask, get, router } = make({ strategy: "affinity", targets: all });
  const messages = [user("hello")];
  const home = (await ask({ messages })).text;
  const state = router.resolve("r", "t").pools[0]?.targets.find(({ provider }) => provider.name === home)?.state;
  assert.ok(state);
  state.inFlight += 50;
  const next = [...messages, assistant("a"), user("b")];
  assert.notEqual((await ask({ messages: next })).text, home);
  state.inFlight -= 50;
  const provider = NAMES.find((name) => name === home);
  assert.ok(provider);
  get(provider).script(failWith("provider_error"));
  const { text, error } = await ask({ messages: [...messages, assistant("c"), user("d")] });
  assert.equal(error, undefined);
  assert.notEqual(text, home);
});

test("affinity: a cheaper target without the prompt loses to a dearer one that has most of it, and wins a short one", async () => {
  const targets = [
    { target: "openai/m", price: { input: 10, cachedInput: 1, output: 10 } },
    { target: "anthropic/m", price: { input: 5, cachedInput: 5, output: 10 } },
  ];
  const { ask, get } = make({ strategy: "affinity", targets });
  get("anthropic").script(failWith("provider_error"), say("anthropic"));
  const messages = [user("x".repeat(40_000))];
  assert.equal((await ask({ messages })).text, "openai");
  assert.equal((await ask({ messages: [...messages, assistant("a"), user("b")] })).text, "openai");
  assert.equal((await ask({ messages: [user("short and new")] })).text, "anthropic");
});

test("hedging: when the first says nothing another is asked, the first to speak is heard, and the other one is ended", async () => {
  const { router, ask, get, meter } = make({ targets: all.slice(0, 2), hedge: { after: "1ms" } });
  get("openai").script(["hang"]);
  const { text, events } = await ask();
  assert.equal(text, "anthropic");
  assert.deepEqual(
    events.map(({ type }) => type),
    ["start", "text", "finish"],
  );
  assert.equal(get("openai").aborted, 1);
  await router.settle(0);
  assert.deepEqual(meter.lines.map(({ provider, outcome }) => `${provider} ${outcome}`).toSorted(), [
    "anthropic ok",
    "openai aborted",
  ]);
  assert.match(await meter.metrics.registry.metrics(), /slipway_hedges_total\{outcome="won"\} 1/);
});

test("hedging is off unless a route asks for it, needs a streamed request, and has a budget", async () => {
  const off = make({ targets: all.slice(0, 2), timeouts: { total: "400ms" } });
  off.get("openai").script(["hang"]);
  assert.equal((await off.ask()).error?.code, "provider_timeout");
  assert.deepEqual(off.counts(), [1, 0, 0, 0]);
  const whole = make({ targets: all.slice(0, 2), hedge: { after: "1ms" }, timeouts: { total: "400ms" } });
  whole.get("openai").script(["hang"]);
  assert.equal((await whole.ask({ stream: false })).error?.code, "provider_timeout");
  assert.deepEqual(whole.counts(), [1, 0, 0, 0]);
  const budget = make({ targets: all.slice(0, 2), hedge: { after: "1ms" }, timeouts: { total: "400ms" } });
  budget.get("openai").script(["hang"]);
  await Promise.all(Array.from({ length: 10 }, () => budget.ask()));
  assert.equal(budget.counts()[1], 1);
});
