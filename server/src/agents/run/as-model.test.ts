import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import { foldEvents } from "@slipway/contracts/model/fold.ts";
import type { Message, ModelRequest } from "@slipway/contracts/model/request.ts";
import { call, lookUp, ORIGIN, say, scriptedModels, setUpRunner, STEP_USAGE } from "../testing.ts";
import { agentAsModel, agentOfModel } from "./as-model.ts";
import type { AgentRunner } from "./runner.ts";

const message = (role: Message["role"], text: string): Message => ({ role, content: [{ type: "text", text }] });
const request = (messages: readonly Message[], more: Partial<ModelRequest> = {}): ModelRequest => ({
  model: "agent/desk",
  messages,
  tools: [],
  stream: true,
  ...more,
});
const words = (messages: readonly Message[] | undefined) =>
  messages?.map(
    ({ role, content }) => `${role}: ${content.map((part) => (part.type === "text" ? part.text : "…")).join("")}`,
  );

async function answer(runner: AgentRunner, asked: ModelRequest, threadId?: string) {
  const opened = await agentAsModel(runner, { agent: "desk", request: asked, threadId }, ORIGIN);
  const events: ModelEvent[] = [];
  const { promise, resolve } = Promise.withResolvers<SlipwayError | undefined>();
  opened.start({ event: (event) => events.push(event), end: () => resolve(undefined), fail: resolve });
  const error = await promise;
  return { events, error, threadId: opened.threadId, runId: opened.runId };
}

test("a model name that begins with agent/ stands for an agent", () => {
  assert.equal(agentOfModel("agent/order-desk"), "order-desk");
  assert.equal(agentOfModel("gpt-5"), undefined);
  assert.equal(agentOfModel("my-agent/x"), undefined);
});

test("a run with tools is one answer: start, text, finish with the summed usage; the agent's tools do not show", async () => {
  const models = scriptedModels(
    [{ type: "text", text: "I look." }, ...call(["c1", "look_up", { number: "SO-1042" }]).slice(1)],
    say("It is ", "there."),
  );
  const { runner } = setUpRunner(models, { tools: { look_up: lookUp } });
  const { events, error, runId } = await answer(runner, request([message("user", "Where is SO-1042?")]));
  assert.equal(error, undefined);
  assert.deepEqual(events[0], { type: "start", id: runId, model: "agent/desk" });
  const folded = foldEvents(events);
  assert.equal(folded.text, "I look.\n\nIt is there.");
  assert.deepEqual(folded.toolCalls, []);
  assert.equal(folded.finishReason, "stop");
  assert.equal(folded.usage?.output, 2 * STEP_USAGE.output);
  assert.deepEqual(events.filter(({ type }) => type === "start").length, 1);
});

test("without a thread the client's history is shown as it is, and only its turn is stored, in a new thread", async () => {
  const models = scriptedModels(say("Fine."));
  const { runner, conversations } = setUpRunner(models, { limits: { maxHistoryMessages: 1 } });
  const asked = request([
    message("system", "Speak plainly."),
    message("user", "Hello"),
    message("assistant", "Hi"),
    message("system", "Be brief."),
    message("user", "How are you?"),
  ]);
  const { threadId } = await answer(runner, asked);
  assert.deepEqual(words(models.requests[0]?.messages), [
    "system: Be of use.\n\nSpeak plainly.\n\nBe brief.",
    "user: Hello",
    "assistant: Hi",
    "user: How are you?",
  ]);
  assert.deepEqual(words(await conversations.latest("t1", threadId, 50)), ["user: How are you?", "assistant: Fine."]);
});

test("with a thread the stored history comes first, and of the client's messages only those after its last assistant message", async () => {
  const models = scriptedModels(say("one"), say("two"));
  const { runner, conversations } = setUpRunner(models);
  const { threadId } = await answer(runner, request([message("user", "1")]));
  const client = [
    message("user", "something else"),
    message("assistant", "made up"),
    message("user", "and more"),
    message("assistant", "of it"),
    message("user", "2"),
  ];
  const second = await answer(runner, request(client), threadId);
  assert.equal(second.threadId, threadId);
  assert.deepEqual(words(models.requests[1]?.messages.slice(1)), ["user: 1", "assistant: one", "user: 2"]);
  assert.equal((await conversations.latest("t1", threadId, 50)).length, 4);
});

test("what a client may set of the model calls is set, the lower bound of output tokens wins", async () => {
  const models = scriptedModels(say("."));
  const { runner } = setUpRunner(models, { limits: { maxOutputTokens: 100 } });
  const extra = { family: "openai" as const, fields: { user: "u" } };
  await answer(runner, request([message("user", "?")], { temperature: 0.1, maxOutputTokens: 500, seed: 7, extra }));
  const [sent] = models.requests;
  assert.deepEqual([sent?.temperature, sent?.maxOutputTokens, sent?.seed], [0.1, 100, 7]);
  assert.equal(sent?.extra, undefined);
});

test("a client that brings tools, or nothing to answer, is refused", async () => {
  const { runner } = setUpRunner(scriptedModels());
  const tools = [{ name: "mine", parameters: { type: "object" } }];
  const nativeTools = [{ family: "openai", path: "tools[0]", value: { type: "web_search" } }] as const;
  await assert.rejects(answer(runner, request([message("user", "?")], { nativeTools })), {
    code: "unsupported_field",
    param: "tools",
  });
  await assert.rejects(answer(runner, request([message("user", "?")], { tools })), {
    code: "unsupported_field",
    param: "tools",
  });
  await assert.rejects(answer(runner, request([message("system", "?")])), { code: "invalid_request" });
  const { threadId } = await answer(setUpRunner(scriptedModels(say("."))).runner, request([message("user", "?")]));
  await assert.rejects(answer(runner, request([message("user", "?")]), threadId), { code: "thread_not_found" });
});

test("a failure arrives as the model's failure would", async () => {
  const failure = new SlipwayError("provider_error", "Broken.");
  const { runner } = setUpRunner(scriptedModels([{ type: "start" }, { type: "text", text: "x" }, failure]));
  const { events, error } = await answer(runner, request([message("user", "?")]));
  assert.equal(error, failure);
  assert.deepEqual(
    events.map(({ type }) => type),
    ["start", "text"],
  );
});

test("after abort the sink hears nothing more, and the run ends as cancelled", async () => {
  const { runner } = setUpRunner(scriptedModels([{ type: "start" }, { type: "text", text: "x" }, "hang"]));
  const opened = await agentAsModel(
    runner,
    { agent: "desk", request: request([message("user", "?")]), threadId: undefined },
    ORIGIN,
  );
  const heard: string[] = [];
  const started = opened.start({
    event: ({ type }) => heard.push(type),
    end: () => heard.push("end"),
    fail: () => heard.push("fail"),
  });
  assert.equal(heard.length, 0, "nothing before start has returned");
  while (!heard.includes("text")) await sleep(1);
  started.abort();
  while (runner.active > 0) await sleep(1);
  await sleep(5);
  assert.deepEqual(heard, ["start", "text"]);
  assert.equal((await runner.get("t1", opened.runId)).status, "cancelled");
});
