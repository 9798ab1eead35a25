import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { defineTool, z } from "@slipway/contracts/agent.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import {
  ask,
  call,
  lookUp,
  ORIGIN,
  say,
  scriptedModels,
  setUpRunner,
  STEP_USAGE,
  until,
  order,
  textOf,
} from "../testing.ts";

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
  assert.equal(textOf(history.at(-1)?.content ?? []), "As I was say");
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
  // What else would end it is an hour away.
  assert.ok(performance.now() - startedAt < 30_000);

  const requests = setUpRunner(scriptedModels(["hang"]));
  const late = await requests.run(ask("?"), { ...ORIGIN, deadline: Date.now() + 30 });
  assert.deepEqual([late.status, late.error?.code], ["failed", "agent_timeout"]);
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
