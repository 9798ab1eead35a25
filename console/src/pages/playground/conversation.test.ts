import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "#api/api-error.ts";
import {
  EMPTY_CONVERSATION,
  isRunning,
  messagesFor,
  reduceConversation,
  type AnswerTurn,
  type Conversation,
  type ConversationAction,
} from "./conversation.ts";

const play = (actions: readonly ConversationAction[], from: Conversation = EMPTY_CONVERSATION): Conversation =>
  actions.reduce(reduceConversation, from);

const answerOf = (conversation: Conversation): AnswerTurn => {
  const last = conversation.turns.at(-1);
  assert.equal(last?.role, "assistant");
  return last;
};

const ask = (text: string, at = 0): ConversationAction => ({ type: "asked", text, model: "m", at });
const FAILURE = new ApiError({ status: 502, code: "provider_error", message: "It failed." });

test("an answer waits, streams, and ends with its tokens and its time", () => {
  const asked = play([ask("Hi", 100)]);
  assert.equal(answerOf(asked).phase, "waiting");
  const streaming = play(
    [
      { type: "text", text: "Ah" },
      { type: "text", text: "oy" },
    ],
    asked,
  );
  assert.deepEqual([answerOf(streaming).phase, answerOf(streaming).text], ["streaming", "Ahoy"]);
  const done = play(
    [
      { type: "finish", reason: "stop" },
      { type: "usage", usage: { input: 3, output: 2 } },
      { type: "completed", at: 350 },
    ],
    streaming,
  );
  assert.deepEqual(
    [answerOf(done).phase, answerOf(done).durationMs, answerOf(done).usage, answerOf(done).finishReason],
    ["done", 250, { input: 3, output: 2 }, "stop"],
  );
  assert.equal(isRunning(done), false);
});

test("turns that did not change keep their identity, so that only the running one is drawn again", () => {
  const first = play([ask("One"), { type: "text", text: "1" }, { type: "completed", at: 1 }, ask("Two")]);
  const second = play([{ type: "text", text: "2" }], first);
  assert.deepEqual(
    second.turns.map((turn, index) => turn === first.turns[index]),
    [true, true, true, false],
  );
});

test("a stopped answer keeps its text, and what comes late is dropped", () => {
  const stopped = play([ask("Hi"), { type: "text", text: "half" }, { type: "stopped", at: 9 }]);
  const late = play(
    [
      { type: "text", text: " more" },
      { type: "completed", at: 10 },
    ],
    stopped,
  );
  assert.equal(late, stopped);
  assert.deepEqual([answerOf(late).phase, answerOf(late).text], ["stopped", "half"]);
});

test("a retry takes the place of the failed answer and leaves the question", () => {
  const failed = play([ask("Hi"), { type: "failed", error: FAILURE, at: 5 }]);
  const retried = play([{ type: "retried", model: "other", at: 6 }], failed);
  assert.deepEqual(
    retried.turns.map((turn) => turn.role),
    ["user", "assistant"],
  );
  assert.deepEqual(
    [answerOf(retried).model, answerOf(retried).phase, answerOf(retried).error],
    ["other", "waiting", undefined],
  );
  assert.notEqual(answerOf(retried).id, answerOf(failed).id);
});

test("nothing can be asked or retried while an answer runs", () => {
  const running = play([ask("Hi")]);
  assert.equal(play([ask("Again")], running), running);
  assert.equal(play([{ type: "retried", model: "m", at: 1 }], running), running);
  assert.equal(play([{ type: "retried", model: "m", at: 1 }]), EMPTY_CONVERSATION);
});

test("clearing forgets what was said and keeps the system prompt", () => {
  const cleared = play([{ type: "instructed", systemPrompt: "Be brief." }, ask("Hi"), { type: "cleared" }]);
  assert.deepEqual([cleared.turns, cleared.systemPrompt], [[], "Be brief."]);
});

test("the request holds all up to the newest question, without answers that never began", () => {
  const conversation = play([
    { type: "instructed", systemPrompt: "Be brief." },
    ask("One"),
    { type: "failed", error: FAILURE, at: 1 },
    ask("Two"),
    { type: "text", text: "2" },
    { type: "stopped", at: 2 },
    ask("Three"),
    { type: "text", text: "so far" },
  ]);
  assert.deepEqual(messagesFor("gpt", conversation), [
    { role: "system", content: "Be brief." },
    { role: "user", content: "One" },
    { role: "user", content: "Two" },
    { role: "assistant", content: "2" },
    { role: "user", content: "Three" },
  ]);
});

test("an agent is sent no system prompt, for it brings its own", () => {
  const conversation = play([{ type: "instructed", systemPrompt: "Be brief." }, ask("Hi")]);
  assert.deepEqual(messagesFor("agent/greeter", conversation), [{ role: "user", content: "Hi" }]);
});
