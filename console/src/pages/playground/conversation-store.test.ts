import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import { ApiError } from "#api/api-error.ts";
import type { ChatEvent } from "#api/chat-chunk.ts";
import type { ChatRequest } from "#api/chat-completion.ts";
import { createConversationStore } from "./conversation-store.ts";
import type { AnswerTurn } from "./conversation.ts";

/** A world in which the test says what arrives and when the screen is drawn. */
function world() {
  const requests: ChatRequest[] = [];
  const signals: AbortSignal[] = [];
  let feed: ReadableStreamDefaultController<ChatEvent> | undefined;
  let frame: (() => void) | undefined;
  let time = 0;
  const store = createConversationStore({
    stream(request, signal) {
      requests.push(request);
      signals.push(signal);
      return new ReadableStream<ChatEvent>({
        start(controller) {
          feed = controller;
          signal.addEventListener("abort", () => controller.error(signal.reason));
        },
      });
    },
    schedule(run) {
      frame = run;
      return () => (frame = undefined);
    },
    now: () => (time += 10),
  });
  return {
    store,
    requests,
    signals,
    send: async (event: ChatEvent) => (feed?.enqueue(event), turn()),
    end: async () => (feed?.close(), turn()),
    fail: async (error: Error) => (feed?.error(error), turn()),
    draw: () => frame?.(),
    answer: () => store.snapshot().turns.at(-1) as AnswerTurn,
  };
}

test("many tokens between two frames are one change of the page", async () => {
  const w = world();
  w.store.ask("Hi", "m");
  await turn();
  let changes = 0;
  w.store.subscribe(() => changes++);
  for (let i = 0; i < 50; i++) await w.send({ type: "text", text: `${i} ` });
  assert.equal(changes, 0);
  w.draw();
  assert.equal(changes, 1);
  assert.match(w.answer().text, /^0 1 .* 49 $/);
});

test("the end of an answer does not wait for a frame", async () => {
  const w = world();
  w.store.ask("Hi", "m");
  await turn();
  await w.send({ type: "text", text: "Ahoy" });
  await w.end();
  assert.deepEqual([w.answer().phase, w.answer().text], ["done", "Ahoy"]);
});

test("stopping aborts the request at once and keeps the undrawn text", async () => {
  const w = world();
  w.store.ask("Hi", "m");
  await turn();
  await w.send({ type: "text", text: "half" });
  w.store.stop();
  await turn();
  assert.equal(w.signals[0]?.aborted, true);
  assert.deepEqual([w.answer().phase, w.answer().text, w.answer().error], ["stopped", "half", undefined]);
});

test("a new answer is not touched by what is left of a stopped one", async () => {
  const w = world();
  w.store.ask("One", "m");
  await turn();
  w.store.stop();
  w.store.ask("Two", "m");
  await turn();
  await w.send({ type: "text", text: "2" });
  await w.end();
  assert.deepEqual([w.answer().phase, w.answer().text], ["done", "2"]);
  assert.equal(w.requests.length, 2);
});

test("a failure is shown with what had come, and a retry asks the same again", async () => {
  const w = world();
  w.store.instruct("Be brief.");
  w.store.ask("Hi", "m");
  await turn();
  await w.send({ type: "text", text: "half" });
  await w.fail(new ApiError({ status: 0, code: "stream_broken", message: "It broke off." }));
  assert.deepEqual([w.answer().phase, w.answer().text, w.answer().error?.code], ["failed", "half", "stream_broken"]);
  w.store.retry("m");
  await turn();
  assert.deepEqual(w.requests[1], w.requests[0]);
  assert.deepEqual(w.requests[1]?.messages, [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Hi" },
  ]);
});

test("clearing stops the running answer", async () => {
  const w = world();
  w.store.ask("Hi", "m");
  await turn();
  w.store.clear();
  await turn();
  assert.equal(w.signals[0]?.aborted, true);
  assert.deepEqual(w.store.snapshot().turns, []);
});

test("blank text and a second question while one runs are not sent", async () => {
  const w = world();
  w.store.ask("  \n", "m");
  w.store.ask("Hi", "m");
  w.store.ask("Again", "m");
  await turn();
  assert.equal(w.requests.length, 1);
});
