import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as tick } from "node:timers/promises";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import type { Provider } from "#providers/provider.ts";
import { UnusableAnswer } from "#providers/wire/failure.ts";
import type { UsageEntry } from "#store/usage-ledger.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import { Drains, type DrainSettings, MAX_DRAINED_CHARACTERS } from "./disconnect/drains.ts";
import { roughTokens, type TokenCounter } from "./disconnect/token-counter.ts";
import { type CallOrigin, type Meter, meteredCall } from "./metered-call.ts";
import { catalogue } from "./price/catalogue.ts";
import { createPriceTable } from "./price/price-table.ts";

const USAGE: Usage = { input: 1000, cachedRead: 0, cacheWrite: 0, output: 100, reasoning: 0 };
const ORIGIN: CallOrigin = {
  tenantId: "t",
  keyId: "k",
  requestId: "r",
  traceparent: "",
  deadline: Number.MAX_SAFE_INTEGER,
  agent: null,
};

/** A provider whose answer the test gives itself. */
class Puppet {
  readonly heard: string[] = [];
  sink: ModelEventSink | undefined;
  readonly provider: Provider;

  constructor(name: string) {
    this.provider = {
      name,
      family: "openai",
      mock: name === "mock",
      call: (_request, _context, sink) => {
        this.sink = sink;
        const note = (what: string) => () => void this.heard.push(what);
        return { abort: note("abort"), pause: note("pause"), resume: note("resume") };
      },
      listModels: () => Promise.resolve([]),
      close: () => Promise.resolve(),
    };
  }

  say(...events: readonly ModelEvent[]): void {
    for (const event of events) this.sink?.event(event);
  }
}

/** What the caller of the call hears. */
class Ear implements ModelEventSink {
  readonly heard: string[] = [];
  event(event: ModelEvent): void {
    this.heard.push(event.type);
  }
  end(): void {
    this.heard.push("end");
  }
  fail(error: SlipwayError): void {
    this.heard.push(error.code);
  }
}

const roughly: TokenCounter = { count: (texts, done) => done(texts.map(roughTokens)), settle: () => Promise.resolve() };

function setUp(
  name: string,
  options: { readonly stream?: boolean; readonly drains?: DrainSettings; readonly model?: string } = {},
) {
  const lines: UsageEntry[] = [];
  const metrics = createMetrics();
  const drains = new Drains(options.drains ?? { timeMs: 60_000, atOnce: 10 });
  const providers = ["openai", "google", "anthropic", "mock"].map((each) => ({ name: each, mock: each === "mock" }));
  const ledger = {
    take: (line: UsageEntry) => void lines.push(line),
    nearlyFull: false,
    close: () => Promise.resolve(),
  };
  const prices = createPriceTable({ catalogue, overrides: {}, providers });
  const meter: Meter = { ledger, metrics, prices, drains, tokens: roughly };
  const model =
    options.model ?? { openai: "gpt-5-mini", google: "gemini-2.5-flash", anthropic: "claude-haiku-4-5" }[name] ?? "m";
  const request: ModelRequest = {
    model,
    messages: [{ role: "user", content: [{ type: "text", text: "x".repeat(420) }] }],
    tools: [],
    stream: options.stream ?? true,
  };
  const puppet = new Puppet(name);
  const ear = new Ear();
  const start = () => meteredCall(meter, { provider: puppet.provider, model }, request, ORIGIN, ear);
  return { lines, metrics, drains, puppet, ear, start };
}

const text = (value: string): ModelEvent => ({ type: "text", text: value });
const finish = (usage?: Usage): ModelEvent => ({ type: "finish", reason: "stop", ...(usage ? { usage } : {}) });
const summary = (lines: readonly UsageEntry[]) =>
  lines.map(({ source, outcome, usage, cost }) => [source, outcome, usage.input, usage.output, cost]);

test("a whole call is booked once with the provider's figures and their price, and the caller hears all of it", async () => {
  const { lines, puppet, ear, start, metrics } = setUp("openai");
  const call = start();
  puppet.say({ type: "start", model: "gpt-5-mini-2025-08-07" }, text("a"), finish(USAGE));
  puppet.sink?.end();
  call.abort();
  // 1,000 × 0.25 + 100 × 2 dollars a million.
  assert.deepEqual(summary(lines), [["provider", "ok", 1000, 100, 450_000_000]]);
  assert.equal(lines[0]?.priceVersion, "genai-prices-0.1.8");
  assert.deepEqual(ear.heard, ["start", "text", "finish", "end"]);
  assert.match(await metrics.registry.metrics(), /slipway_model_cost_usd_total\{provider="openai"\} 0\.00045/);
});

test("a price that nobody knows is booked as unknown and counted; the mock's is 0", async () => {
  const unknown = setUp("openai", { model: "no-such-model" });
  unknown.start();
  unknown.puppet.say(finish(USAGE));
  unknown.puppet.sink?.end();
  assert.deepEqual(summary(unknown.lines), [["provider", "ok", 1000, 100, null]]);
  assert.match(await unknown.metrics.registry.metrics(), /slipway_model_calls_unpriced_total\{provider="openai"\} 1/);
  const mock = setUp("mock");
  mock.start();
  mock.puppet.say(finish(USAGE));
  mock.puppet.sink?.end();
  assert.deepEqual(summary(mock.lines), [["provider", "ok", 1000, 100, 0]]);
});

test("an answer without figures is estimated", () => {
  const { lines, puppet, start } = setUp("openai");
  start();
  puppet.say({ type: "start" }, text("y".repeat(84)), { type: "reasoning", text: "z".repeat(42) }, finish());
  puppet.sink?.end();
  assert.deepEqual(summary(lines), [["estimated", "ok", 107, 20, (107 * 250 + 30 * 2000) * 1000]]);
  assert.equal(lines[0]?.usage.reasoning, 10);
});

test("a vendor that stops is stopped when the client leaves a stream, and what was sent and said is booked as an estimate", () => {
  const { lines, puppet, ear, start, drains } = setUp("openai");
  const call = start();
  puppet.say({ type: "start" }, text("y".repeat(420)));
  call.abort();
  call.abort();
  assert.deepEqual(puppet.heard, ["abort"]);
  assert.deepEqual(summary(lines), [["estimated", "aborted", 107, 100, (107 * 250 + 100 * 2000) * 1000]]);
  assert.deepEqual(ear.heard, ["start", "text"]);
  assert.equal(drains.running, 0);
});

test("figures that a provider gives at the start are kept in an estimate", () => {
  const { lines, puppet, start } = setUp("anthropic");
  const call = start();
  const known = { input: 7, cachedRead: 5000, cacheWrite: 300, output: 2, reasoning: 0 };
  puppet.say({ type: "start", usage: known }, text("y".repeat(42)));
  call.abort();
  assert.deepEqual(lines[0]?.usage, { ...known, output: 10 });
});

test("a vendor that bills to the end is read to the end without the client, and its figures are booked", () => {
  for (const name of ["google", "mock"]) {
    const { lines, puppet, ear, start, drains } = setUp(name);
    const call = start();
    puppet.say(text("a"));
    call.pause();
    call.abort();
    assert.deepEqual(puppet.heard, ["pause", "resume"], "a paused upstream goes on");
    assert.deepEqual([drains.running, lines.length], [1, 0]);
    call.pause();
    puppet.say(text("b"), finish(USAGE));
    puppet.sink?.end();
    assert.deepEqual(puppet.heard, ["pause", "resume"], "nobody holds it back any more");
    assert.deepEqual(
      summary(lines).map((line) => line.slice(0, 4)),
      [["drained", "aborted", 1000, 100]],
    );
    assert.deepEqual([drains.running, ear.heard], [0, ["text"]]);
  }
});

test("an answer that is not streamed is read to its end where streams are stopped", () => {
  const { lines, puppet, start } = setUp("openai", { stream: false });
  start().abort();
  puppet.say(finish(USAGE));
  puppet.sink?.end();
  assert.deepEqual(summary(lines), [["drained", "aborted", 1000, 100, 450_000_000]]);
});

test("reading on has bounds: how many, how long, how much; beyond them the upstream is stopped and estimated", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const drains = { timeMs: 1000, atOnce: 1 };
  const first = setUp("google", { drains });
  first.start().abort();
  const second = first.start();
  second.abort();
  assert.deepEqual(first.puppet.heard, ["resume", "abort"], "the second finds no room");
  t.mock.timers.tick(1000);
  assert.deepEqual(first.puppet.heard, ["resume", "abort", "abort"]);
  assert.deepEqual(
    first.lines.map(({ source }) => source),
    ["estimated", "estimated"],
  );
  assert.equal(first.drains.running, 0);
  const long = setUp("google", { drains });
  long.start().abort();
  long.puppet.say(text("y".repeat(MAX_DRAINED_CHARACTERS)));
  assert.deepEqual(long.puppet.heard, ["resume"]);
  long.puppet.say(text("y"));
  assert.deepEqual(long.puppet.heard, ["resume", "abort"]);
  assert.deepEqual(summary(long.lines)[0]?.slice(0, 2), ["estimated", "aborted"]);
  const off = setUp("google", { drains: { timeMs: 0, atOnce: 10 } });
  off.start().abort();
  assert.deepEqual(off.puppet.heard, ["abort"]);
});

test("an upstream that fails while it is read on is booked as an estimate", () => {
  const { lines, puppet, ear, start, drains } = setUp("google");
  start().abort();
  puppet.sink?.fail(new SlipwayError("provider_stream_broken", "cut"));
  assert.deepEqual(summary(lines)[0]?.slice(0, 2), ["estimated", "aborted"]);
  assert.deepEqual([ear.heard, drains.running], [[], 0]);
});

test("an upstream that refuses what is read on has done nothing, and costs nothing", () => {
  for (const code of ["provider_rate_limited", "provider_error", "provider_auth", "provider_rejected"] as const) {
    const { lines, puppet, start, drains } = setUp("google");
    start().abort();
    puppet.sink?.fail(new SlipwayError(code, "refused"));
    assert.deepEqual(summary(lines), [["none", "aborted", 0, 0, 0]], code);
    assert.equal(drains.running, 0);
  }
});

test("an answer that is of no use was made all the same: it is booked with its figures, and as unknown without any", () => {
  const unusable = (usage?: Usage) => new UnusableAnswer("amiss", {}, usage);
  for (const left of [false, true]) {
    const { lines, puppet, start } = setUp("google", { stream: false });
    const call = start();
    if (left) call.abort();
    puppet.sink?.fail(unusable(USAGE));
    const [source, outcome] = left ? ["drained", "aborted"] : ["provider", "error"];
    // 1,000 × 0.3 + 100 × 2.5 dollars a million.
    assert.deepEqual(summary(lines), [[source, outcome, 1000, 100, 550_000_000]]);
  }
  const { lines, puppet, start } = setUp("google", { stream: false });
  start();
  puppet.sink?.fail(unusable());
  assert.deepEqual(summary(lines), [["none", "error", 0, 0, null]]);
});

test("a client that leaves after the last figures came is charged by them, and nothing is read on", () => {
  const { lines, puppet, start, drains } = setUp("google");
  const call = start();
  puppet.say(finish(USAGE));
  call.abort();
  assert.deepEqual(
    summary(lines).map((line) => line.slice(0, 2)),
    [["provider", "aborted"]],
  );
  assert.equal(drains.running, 0);
});

test("a refusal costs nothing; a call that failed unseen may have cost something; one that broke off is estimated", () => {
  const cost = (
    code: "provider_rate_limited" | "provider_timeout" | "provider_stream_broken" | "provider_answer_unusable",
    ...said: ModelEvent[]
  ) => {
    const { lines, puppet, start } = setUp("openai");
    start();
    puppet.say(...said);
    puppet.sink?.fail(new SlipwayError(code, "failed"));
    return summary(lines)[0];
  };
  assert.deepEqual(cost("provider_rate_limited"), ["none", "error", 0, 0, 0]);
  assert.deepEqual(cost("provider_timeout"), ["none", "error", 0, 0, null]);
  assert.deepEqual(cost("provider_answer_unusable"), ["none", "error", 0, 0, null]);
  assert.deepEqual(cost("provider_stream_broken", text("y".repeat(42)))?.slice(0, 4), ["estimated", "error", 107, 10]);
});

test("at shutdown calls that are read on may end in the time that is left; the rest is given up, and no more are taken", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { lines, puppet, start, drains } = setUp("google");
  const quick = start();
  const { sink } = puppet;
  quick.abort();
  start().abort();
  const settled = drains.settle(5_000);
  sink?.event(finish(USAGE));
  sink?.end();
  await tick();
  assert.equal(drains.running, 1);
  t.mock.timers.tick(5_000);
  await settled;
  assert.deepEqual(
    lines.map(({ source }) => source),
    ["drained", "estimated"],
  );
  start().abort();
  assert.deepEqual(
    lines.map(({ source }) => source),
    ["drained", "estimated", "estimated"],
  );
});
