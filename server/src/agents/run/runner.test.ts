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
    request.messages.map(({ role, content }) => `${role}: ${textOf(content)}`),
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
    {
      role: "tool",
      content: [
        {
          type: "tool_result",
          toolCallId: "c1",
          name: "look_up",
          content: [{ type: "text", text: `{"status":"sent"}` }],
        },
      ],
    },
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
      .map(({ content }) => textOf(content));
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

  const broken = setUpRunner(models, {}, { agents: { find: () => undefined, has: () => true } });
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

test("a run of another tenant is not found", async () => {
  const { run, runner } = setUpRunner(scriptedModels(say("Hi.")));
  const { id } = await run(ask("?"));
  await assert.rejects(runner.get("t2", id), { code: "not_found" });
  await assert.rejects(runner.get("t1", "run_x"), { code: "not_found" });
});

test("no event comes before the run's handle has been given", async () => {
  const { runner, events } = setUpRunner(scriptedModels(say("Hi.")));
  const handle = (await runner.prepare(ask("?"), ORIGIN)).start({ event: (event) => events.push(event) });
  assert.equal(events.length, 0);
  await handle.finished;
  assert.ok(events.length > 0);
});
