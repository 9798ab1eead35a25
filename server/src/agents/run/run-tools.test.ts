import { toolResultText } from "@slipway/contracts/model/request.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { defineTool, z } from "@slipway/contracts/agent.ts";
import { createMessagesCodec } from "#providers/anthropic/codec.ts";
import { createGenerateContentCodec } from "#providers/google/codec.ts";
import { ask, call, lookUp, say, scriptedModels, setUpRunner } from "../testing.ts";

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
    assert.match(toolResultText(result), failure.says);
    const told = events.find((event) => event.type === "tool_result");
    assert.ok(told?.type === "tool_result" && told.isError);
  });
}

test("a call that was cut short can be shown to every vendor's model, in this run and in the thread's next", async () => {
  const models = scriptedModels(call(["c1", "look_up", `{"number": SO`]), say("Sorry."), say("Hello."));
  const { run, runner } = setUpRunner(models, { tools: { look_up: lookUp } });
  const { threadId } = await run(ask("?"));
  const { threadId: same } = await run(ask("Again?", { threadId }));
  assert.deepEqual([same, runner.active], [threadId, 0]);
  for (const request of models.requests) {
    for (const codec of [createMessagesCodec("key"), createGenerateContentCodec("key")]) {
      const { body } = codec.encode(request);
      assert.equal(body?.includes("malformed_arguments"), request !== models.requests[0]);
    }
  }
});

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
  assert.ok(result?.type === "tool_result" && /did not answer within 0\.03 s/.test(toolResultText(result)));
  assert.ok(raised);
});

test("a result is cut to its bound and says so", async () => {
  const big = defineTool({ description: "x", input: z.object({}), run: () => "x".repeat(250_000) });
  const models = scriptedModels(call(["c", "big", {}]), say("."));
  await setUpRunner(models, { tools: { big } }).run(ask("?"));
  const result = models.requests[1]?.messages.at(-1)?.content[0];
  assert.ok(result?.type === "tool_result" && toolResultText(result).length < 100_100);
  assert.match(toolResultText(result).slice(-80), /The first 100000 of 250000 characters/);
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
  assert.ok(
    seventh?.type === "tool_result" && /at most 6 calls/.test(toolResultText(seventh)),
    "more than the bound are refused",
  );
  assert.equal(ended.length, 6);
  const told = events.flatMap((event) => (event.type === "tool_call" ? [event.id] : []));
  assert.deepEqual(
    told,
    calls.map(([id]) => id),
    "the calls are told in their order, before any result",
  );
  assert.equal(events.filter(({ type }) => type === "tool_result").length, 7);
});
