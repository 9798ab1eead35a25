import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { defineTool, z } from "@slipway/contracts/agent.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Part } from "@slipway/contracts/model/request.ts";
import { ask, call, lookUp, ORIGIN, say, scriptedModels, setUpRunner, STEP_USAGE } from "../testing.ts";

const text = (content: readonly Part[]) => content.map((part) => (part.type === "text" ? part.text : "")).join("");
const order = ["c1", "look_up", { number: "SO-1042" }] as const;

/** Waits until a condition holds, at most 2 s. */
async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 2000;
  while (!holds()) {
    assert.ok(performance.now() < end, "timed out");
    await sleep(1);
  }
}

test("an answer without tools is one step: events in order, messages stored, the run recorded with its output encrypted", async () => {
  const models = scriptedModels(say("Hel", "lo."));
  const { run, events, records, runner, conversations } = setUpRunner(models);
  const ended = await run(ask("Hi"));
  assert.deepEqual(
    events.map((event) => (event.type === "text" ? event.text : event.type)),
    ["step_start", "Hel", "lo.", "step_finish", "done"],
  );
  assert.equal(ended.status, "completed");
  assert.equal(ended.output, "Hello.");
  assert.equal(ended.steps, 1);
  assert.deepEqual(ended.usage, STEP_USAGE);
  assert.deepEqual(await runner.get("t1", ended.id), {
    ...ended,
    finishedAt: (await runner.get("t1", ended.id)).finishedAt,
  });
  const stored = records.all.get(`t1/${ended.id}`);
  assert.ok(stored?.output && !Buffer.from(stored.output).includes("Hello"));
  const { messages } = await conversations.messages("t1", ended.threadId, { limit: 10 });
  assert.deepEqual(
    messages.map(({ role }) => role),
    ["user", "assistant"],
  );
  const [request] = models.requests;
  assert.equal(request?.model, "default-model");
  assert.deepEqual(
    request.messages.map(({ role, content }) => `${role}: ${text(content)}`),
    ["system: Be of use.", "user: Hi"],
  );
  assert.equal(models.origins[0]?.agent, "desk");
  assert.equal(models.origins[0].tenantId, "t1");
});

test("a tool is called with checked input, its result goes back to the model, usage is the sum of the steps", async () => {
  const seen: unknown[] = [];
  const models = scriptedModels(call(order), say("It is on its way."));
  const tool = defineTool({
    description: "Looks up.",
    input: z.object({ number: z.string(), copies: z.int().default(1) }),
    run: (input, { signal, ...context }) => {
      seen.push(input, context);
      assert.equal(signal.aborted, false);
      return { status: "sent" };
    },
  });
  const { run, events, conversations } = setUpRunner(models, { tools: { look_up: tool } });
  const ended = await run(ask("Where is SO-1042?"));
  assert.deepEqual(seen, [
    { number: "SO-1042", copies: 1 },
    { tenantId: "t1", agent: "desk", runId: ended.id, threadId: ended.threadId },
  ]);
  assert.deepEqual(
    events.map(({ type }) => type),
    ["step_start", "tool_call", "tool_result", "step_finish", "step_start", "text", "step_finish", "done"],
  );
  assert.deepEqual(events[1], { type: "tool_call", id: "c1", name: "look_up", input: { number: "SO-1042" } });
  assert.deepEqual(events[2], {
    type: "tool_result",
    id: "c1",
    name: "look_up",
    output: { status: "sent" },
    isError: false,
  });
  assert.deepEqual(models.requests[1]?.messages.slice(2), [
    {
      role: "assistant",
      content: [{ type: "tool_call", id: "c1", name: "look_up", arguments: `{"number":"SO-1042"}` }],
    },
    { role: "tool", content: [{ type: "tool_result", toolCallId: "c1", name: "look_up", text: `{"status":"sent"}` }] },
  ]);
  assert.equal(models.requests[0]?.messages.length, 2, "the first request is not changed by what came after");
  assert.deepEqual(models.requests[0].tools[0]?.parameters["required"], ["number"]);
  assert.equal(ended.usage.input, 2 * STEP_USAGE.input);
  assert.equal(ended.usage.reasoning, 2 * STEP_USAGE.reasoning);
  const { messages } = await conversations.messages("t1", ended.threadId, { limit: 10 });
  assert.deepEqual(
    messages.map(({ role }) => role),
    ["user", "assistant", "tool", "assistant"],
  );
});

/** What the model is told of a tool call that cannot be run. */
const FAILURES = {
  "arguments that are no JSON": { arguments: `{"number": SO`, says: /not JSON/ },
  "arguments that do not fit the schema": { arguments: { number: "1042" }, says: /do not fit[\s\S]*number/ },
  "a tool that there is not": {
    name: "fly",
    arguments: {},
    says: /There is no tool "fly"\. The tools are: look_up, fails, circular\./,
  },
  "a tool that throws": { name: "fails", arguments: "", says: /The tool failed: the warehouse is shut/ },
  "an answer that is no JSON": { name: "circular", arguments: {}, says: /cannot be written as JSON/ },
} as const;

for (const [what, failure] of Object.entries(FAILURES)) {
  test(`${what}: the model is told, and the run goes on`, async () => {
    const name = "name" in failure ? failure.name : "look_up";
    const models = scriptedModels(call(["c1", name, failure.arguments]), say("Sorry."));
    const fails = defineTool({
      description: "Fails.",
      input: z.object({}),
      run: () => {
        throw new Error("the warehouse is shut");
      },
    });
    const circular = defineTool({
      description: "Goes round.",
      input: z.object({}),
      run: () => {
        const loop: { self?: unknown } = {};
        loop.self = loop;
        return loop;
      },
    });
    const { run, events } = setUpRunner(models, { tools: { look_up: lookUp, fails, circular } });
    assert.equal((await run(ask("?"))).output, "Sorry.");
    const result = models.requests[1]?.messages.at(-1)?.content[0];
    assert.ok(result?.type === "tool_result" && result.isError === true);
    assert.match(result.text, failure.says);
    const told = events.find((event) => event.type === "tool_result");
    assert.ok(told?.type === "tool_result" && told.isError);
  });
}

test("a tool that throws is in the log, so that its author can find out", async () => {
  const fails = defineTool({ description: "x", input: z.object({}), run: () => Promise.reject(new Error("no")) });
  const { run, logged } = setUpRunner(scriptedModels(call(["c", "fails", {}]), say(".")), { tools: { fails } });
  await run(ask("?"));
  assert.deepEqual(logged, ["a tool failed"]);
});

test("a tool that does not answer in time is given up, with its signal raised, and the run goes on", async () => {
  let raised = false;
  const slow = defineTool({
    description: "Never answers.",
    input: z.object({}),
    run: (_, { signal }) =>
      new Promise(() => {
        signal.addEventListener("abort", () => (raised = true));
      }),
  });
  const models = scriptedModels(call(["c", "slow", {}]), say("Too slow."));
  const { run } = setUpRunner(
    models,
    { tools: { slow } },
    { toolBounds: { timeoutMs: 30, concurrency: 8, maxCalls: 64 } },
  );
  assert.equal((await run(ask("?"))).status, "completed");
  const result = models.requests[1]?.messages.at(-1)?.content[0];
  assert.ok(result?.type === "tool_result" && /did not answer within 0\.03 s/.test(result.text));
  assert.ok(raised);
});

test("a result is cut to its bound and says so", async () => {
  const big = defineTool({ description: "x", input: z.object({}), run: () => "x".repeat(250_000) });
  const models = scriptedModels(call(["c", "big", {}]), say("."));
  await setUpRunner(models, { tools: { big } }).run(ask("?"));
  const result = models.requests[1]?.messages.at(-1)?.content[0];
  assert.ok(result?.type === "tool_result" && result.text.length < 100_100);
  assert.match(result.text.slice(-80), /The first 100000 of 250000 characters/);
});

test("tools of one answer run side by side up to the bound, and their results are in the order of the calls", async () => {
  let now = 0;
  let most = 0;
  const ended: string[] = [];
  const tool = defineTool({
    description: "Takes its time.",
    input: z.object({ id: z.string(), ms: z.number() }),
    run: async ({ id, ms }) => {
      now += 1;
      most = Math.max(most, now);
      await sleep(ms);
      now -= 1;
      ended.push(id);
      return id;
    },
  });
  const calls = [30, 5, 20, 1, 10, 1, 1].map((ms, at) => [`c${at}`, "tool", { id: `c${at}`, ms }] as const);
  const models = scriptedModels(call(...calls), say("."));
  const bounds = { timeoutMs: 5000, concurrency: 3, maxCalls: 6 };
  const { run, events } = setUpRunner(models, { tools: { tool } }, { toolBounds: bounds });
  await run(ask("?"));
  assert.equal(most, 3);
  assert.notDeepEqual(ended, [...ended].sort(), "they ended in another order");
  const results = models.requests[1]?.messages.at(-1)?.content ?? [];
  assert.deepEqual(
    results.map((part) => part.type === "tool_result" && part.toolCallId),
    calls.map(([id]) => id),
  );
  const seventh = results[6];
  assert.ok(seventh?.type === "tool_result" && /at most 6 calls/.test(seventh.text), "more than the bound are refused");
  assert.equal(ended.length, 6);
  const told = events.flatMap((event) => (event.type === "tool_call" ? [event.id] : []));
  assert.deepEqual(
    told,
    calls.map(([id]) => id),
    "the calls are told in their order, before any result",
  );
  assert.equal(events.filter(({ type }) => type === "tool_result").length, 7);
});

test("an agent that goes on calling tools stops at its limit of steps, and its thread can be gone on with", async () => {
  const models = scriptedModels(call(order), call(order), say("Now without."));
  const { run, events, conversations } = setUpRunner(models, { tools: { look_up: lookUp }, limits: { maxSteps: 2 } });
  const ended = await run(ask("?"));
  assert.equal(ended.status, "failed");
  assert.equal(ended.error?.code, "agent_step_limit");
  assert.equal(ended.steps, 2);
  assert.equal(ended.usage.input, 2 * STEP_USAGE.input);
  assert.equal(events.at(-1)?.type, "failed");
  assert.equal(models.requests.length, 2);
  const history = await conversations.latest("t1", ended.threadId, 50);
  assert.match(JSON.stringify(history.at(-1)), /limit of steps/);
  assert.equal((await run(ask("And now?", { threadId: ended.threadId }))).output, "Now without.");
});

test("a model that fails ends the run with the model's error, and what went before stays in the thread", async () => {
  const failure = new SlipwayError("provider_rate_limited", "Slow down.", { retryAfter: 7 });
  const models = scriptedModels(call(order), [{ type: "start" }, { type: "text", text: "Well" }, failure]);
  const { run, events, runner, conversations } = setUpRunner(models, { tools: { look_up: lookUp } });
  const ended = await run(ask("?"));
  assert.deepEqual(
    [ended.status, ended.error, ended.output],
    ["failed", { code: "provider_rate_limited", message: "Slow down." }, null],
  );
  const last = events.at(-1);
  assert.ok(last?.type === "failed" && last.error === failure, "the error arrives whole, with its retryAfter");
  assert.equal((await runner.get("t1", ended.id)).status, "failed");
  assert.deepEqual(
    (await conversations.latest("t1", ended.threadId, 50)).map(({ role }) => role),
    ["user", "assistant", "tool"],
  );
});

test("an answer without a finish is broken; a model call that throws fails the run, not the process", async () => {
  const cut = setUpRunner(scriptedModels([{ type: "start" }, { type: "text", text: "half" }]));
  assert.equal((await cut.run(ask("?"))).error?.code, "provider_stream_broken");
  const throwing = setUpRunner({
    stream: () => {
      throw new SlipwayError("model_not_found", "No such model.");
    },
  });
  assert.equal((await throwing.run(ask("?"))).error?.code, "model_not_found");
});

test("a caller that stops during the answer: the model call is aborted at once, what was said is kept, the run is cancelled", async () => {
  const models = scriptedModels([{ type: "start" }, { type: "text", text: "As I was say" }, "hang"], say("Again."));
  const { runner, run, events, conversations } = setUpRunner(models);
  const prepared = await runner.prepare(ask("Talk."), ORIGIN);
  const handle = prepared.start({ event: (event) => events.push(event) });
  await until(() => events.some(({ type }) => type === "text"));
  assert.equal(runner.active, 1);
  handle.abort();
  handle.abort();
  assert.deepEqual(models.log, ["abort"]);
  const ended = await handle.finished;
  assert.deepEqual([ended.status, ended.error, ended.output], ["cancelled", null, null]);
  assert.equal((await runner.get("t1", ended.id)).status, "cancelled");
  assert.equal(runner.active, 0);
  const last = events.at(-1);
  assert.ok(last?.type === "failed" && last.error.code === "client_closed_request");
  const history = await conversations.latest("t1", ended.threadId, 50);
  assert.equal(text(history.at(-1)?.content ?? []), "As I was say");
  assert.equal((await run(ask("Go on.", { threadId: ended.threadId }))).status, "completed");
});

test("a caller that stops during a tool: the tool's signal is raised, its call is answered in the thread, nothing more is asked of the model", async () => {
  let raised = false;
  const slow = defineTool({
    description: "Waits.",
    input: z.object({}),
    run: (_, { signal }) => new Promise(() => signal.addEventListener("abort", () => (raised = true))),
  });
  const models = scriptedModels(call(["c", "slow", {}]), say("unheard"));
  const { runner, events, conversations } = setUpRunner(models, { tools: { slow } });
  const handle = (await runner.prepare(ask("?"), ORIGIN)).start({ event: (event) => events.push(event) });
  await until(() => events.some(({ type }) => type === "tool_call"));
  handle.abort();
  const ended = await handle.finished;
  assert.deepEqual([ended.status, ended.steps], ["cancelled", 1]);
  assert.ok(raised);
  assert.equal(models.requests.length, 1);
  const history = await conversations.latest("t1", ended.threadId, 50);
  assert.match(JSON.stringify(history.at(-1)), /stopped before the tool had answered/);
});

test("a run ends at the agent's time or at the request's, whichever is first", async () => {
  const agents = setUpRunner(scriptedModels(["hang"]), { limits: { timeoutSeconds: 1 } });
  const startedAt = performance.now();
  const ended = await agents.run(ask("?"));
  assert.equal(ended.error?.code, "agent_timeout");
  assert.ok(performance.now() - startedAt < 3000);

  const requests = setUpRunner(scriptedModels(["hang"]));
  const late = await requests.run(ask("?"), { ...ORIGIN, deadline: Date.now() + 30 });
  assert.deepEqual([late.status, late.error?.code], ["failed", "agent_timeout"]);
});

test("holding back reaches the model call that runs, and the one that begins while it lasts", async () => {
  const models = scriptedModels(call(order), say("one", "two"));
  const { runner, events } = setUpRunner(models, { tools: { look_up: lookUp } });
  const handle = (await runner.prepare(ask("?"), ORIGIN)).start({
    event: (event) => {
      events.push(event);
      if (event.type === "tool_result") handle.pause();
    },
  });
  await until(() => models.requests.length === 2);
  await sleep(30);
  assert.deepEqual(models.log, ["pause"]);
  assert.ok(!events.some(({ type }) => type === "text"), "nothing is said while held back");
  handle.resume();
  assert.equal((await handle.finished).output, "onetwo");
  assert.deepEqual(models.log, ["pause", "resume"]);
});

test("a thread is gone on with: the model is shown what was said, within the agent's bound", async () => {
  const models = scriptedModels(say("one"), say("two"), say("three"), say("four"));
  const { run } = setUpRunner(models, { limits: { maxHistoryMessages: 4 } });
  const { threadId } = await run(ask("1"));
  const shown = () =>
    models.requests
      .at(-1)
      ?.messages.slice(1)
      .map(({ content }) => text(content));
  await run(ask("2", { threadId }));
  assert.deepEqual(shown(), ["1", "one", "2"]);
  await run(ask("3", { threadId }));
  assert.deepEqual(shown(), ["2", "two", "3"]);
});

test("a run that died between a call and its result leaves a thread that is repaired for the next", async () => {
  const models = scriptedModels(say("Back again."));
  const { run, conversations } = setUpRunner(models, { tools: { look_up: lookUp } });
  const { id: threadId } = await conversations.create("t1", "desk");
  await conversations.append("t1", threadId, [
    { role: "user", content: [{ type: "text", text: "Where is it?" }] },
    { role: "assistant", content: [{ type: "tool_call", id: "c9", name: "look_up", arguments: "{}" }] },
  ]);
  assert.equal((await run(ask("Well?", { threadId }))).status, "completed");
  const roles = models.requests[0]?.messages.map(({ role }) => role);
  assert.deepEqual(roles, ["system", "user", "assistant", "tool", "user"]);
});

test("what cannot be begun is refused before anything is stored or asked", async () => {
  const models = scriptedModels(say("?"));
  const summary = () => ({
    name: "torn",
    modelId: "agent/torn",
    status: "broken" as const,
    description: "",
    model: null,
    tools: [],
    source: "torn/agent.ts",
    error: "torn/agent.ts:3: SyntaxError: x",
  });
  const { runner, conversations, store } = setUpRunner(models);
  const refused = (turn: Parameters<typeof runner.prepare>[0], code: string) =>
    assert.rejects(runner.prepare(turn, ORIGIN), (error) => error instanceof SlipwayError && error.code === code);
  await refused(ask("?", { agent: "nobody" }), "agent_not_found");
  await refused(ask("?", { threadId: "thr_00000000000000000000000000" }), "thread_not_found");
  await refused(ask("?", { messages: [] }), "invalid_request");
  const other = await conversations.create("t1", "someone-else");
  await refused(ask("?", { threadId: other.id }), "conflict");
  const foreign = await conversations.create("t2", "desk");
  await refused(ask("?", { threadId: foreign.id }), "thread_not_found");
  assert.equal([...store.all.values()].flat().length, 0);

  const broken = setUpRunner(models, {}, { registry: { get: () => undefined, summary } });
  await assert.rejects(broken.runner.prepare(ask("?"), ORIGIN), { code: "agent_broken", status: 503 });
  const modelless = setUpRunner(models, {}, { defaultModel: undefined });
  await assert.rejects(modelless.runner.prepare(ask("?"), ORIGIN), { code: "provider_not_configured" });
  assert.equal(models.requests.length, 0);
});

test("no more runs at once than the bound, those being prepared counted", async () => {
  const { runner } = setUpRunner(scriptedModels(["hang"]), {}, { maxRuns: 2 });
  const first = (await runner.prepare(ask("?"), ORIGIN)).start({ event() {} });
  const second = runner.prepare(ask("?"), ORIGIN);
  await assert.rejects(runner.prepare(ask("?"), ORIGIN), { code: "overloaded", retryAfter: 1 });
  const run = (await second).start({ event() {} });
  await assert.rejects(runner.prepare(ask("?"), ORIGIN), { code: "overloaded" });
  first.abort();
  await first.finished;
  await runner.prepare(ask("?"), ORIGIN);
  run.abort();
  await run.finished;
});

test("closing stops what runs, waits until its end is written, and takes nothing new", async () => {
  const { runner, records } = setUpRunner(scriptedModels(["hang"], ["hang"]));
  const prepared = await runner.prepare(ask("?"), ORIGIN);
  const running = (await runner.prepare(ask("?"), ORIGIN)).start({ event() {} });
  await sleep(5);
  await runner.close(2000);
  assert.equal((await running.finished).status, "cancelled");
  await assert.rejects(runner.prepare(ask("?"), ORIGIN), { code: "draining" });
  const late = prepared.start({ event() {} });
  assert.equal((await late.finished).status, "cancelled");
  assert.deepEqual(
    [...records.all.values()].map(({ status }) => status),
    ["cancelled", "cancelled"],
  );
});

test("a run that a dead process left running reads as failed once its time is over, and not before", async () => {
  const { runner, records } = setUpRunner(scriptedModels(), { limits: { timeoutSeconds: 10 } });
  const { runId } = await runner.prepare(ask("?"), ORIGIN);
  const age = (seconds: number) => {
    const stored = records.all.get(`t1/${runId}`);
    assert.ok(stored);
    records.all.set(`t1/${runId}`, { ...stored, createdAt: new Date(Date.now() - seconds * 1000) });
  };
  age(65);
  assert.equal((await runner.get("t1", runId)).status, "running");
  age(75);
  const run = await runner.get("t1", runId);
  assert.deepEqual([run.status, run.error?.code], ["failed", "agent_failed"]);
  assert.notEqual(run.finishedAt, null);
});

test("a run of another tenant is not found", async () => {
  const { run, runner } = setUpRunner(scriptedModels(say("Hi.")));
  const { id } = await run(ask("?"));
  await assert.rejects(runner.get("t2", id), { code: "not_found" });
  await assert.rejects(runner.get("t1", "run_x"), { code: "not_found" });
});

test("the end of a run is written at the third try; when it cannot be, the caller still has its answer", async () => {
  const flaky = setUpRunner(scriptedModels(say("Hi.")));
  const finish = flaky.records.runs.finish.bind(flaky.records.runs);
  let tries = 0;
  flaky.records.runs.finish = (...end) => {
    tries += 1;
    return tries < 3 ? Promise.reject(new SlipwayError("database_unavailable", "Gone.")) : finish(...end);
  };
  const { id } = await flaky.run(ask("?"));
  assert.equal((await flaky.runner.get("t1", id)).status, "completed");
  assert.equal(tries, 3);

  const down = setUpRunner(scriptedModels(say("Hi.")));
  down.records.runs.finish = () => Promise.reject(new SlipwayError("database_unavailable", "Gone."));
  assert.equal((await down.run(ask("?"))).output, "Hi.");
  assert.equal(down.events.at(-1)?.type, "done");
  assert.deepEqual(down.logged, ["the end of a run could not be written"]);
});

test("a database that is away during a run fails it with that code", async () => {
  const { run, store } = setUpRunner(scriptedModels(say("Hi.")));
  const append = store.messages.append.bind(store.messages);
  store.messages.append = (tenantId, threadId, messages) =>
    messages[0]?.role === "assistant"
      ? Promise.reject(new SlipwayError("database_unavailable", "Gone."))
      : append(tenantId, threadId, messages);
  const ended = await run(ask("?"));
  assert.deepEqual([ended.status, ended.error?.code], ["failed", "database_unavailable"]);
});

test("a listener that throws stops the run instead of the process", async () => {
  const { runner, logged } = setUpRunner(scriptedModels([{ type: "start" }, { type: "text", text: "x" }, "hang"]));
  const handle = (await runner.prepare(ask("?"), ORIGIN)).start({
    event: () => {
      throw new Error("the socket is gone");
    },
  });
  assert.equal((await handle.finished).status, "cancelled");
  assert.ok(logged.includes("a run's listener failed"));
});

test("each run's end is told once, with how long it took", async () => {
  const ends: string[] = [];
  const { run } = setUpRunner(
    scriptedModels(say("Hi.")),
    {},
    {
      onEnd: ({ tenantId, run: { agent, status }, durationMs }) => {
        ends.push(`${tenantId} ${agent} ${status}`);
        assert.ok(durationMs >= 0);
      },
    },
  );
  await run(ask("?"));
  assert.deepEqual(ends, ["t1 desk completed"]);
});

test("no event comes before the run's handle has been given", async () => {
  const { runner, events } = setUpRunner(scriptedModels(say("Hi.")));
  const handle = (await runner.prepare(ask("?"), ORIGIN)).start({ event: (event) => events.push(event) });
  assert.equal(events.length, 0);
  await handle.finished;
  assert.ok(events.length > 0);
});
