import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "./api-error.ts";
import { readChatChunk } from "./chat-chunk.ts";

test("a chunk gives its text", () => {
  const data = JSON.stringify({
    choices: [{ index: 0, delta: { role: "assistant", content: "Ahoy" }, finish_reason: null }],
  });
  assert.deepEqual(readChatChunk(data), [{ type: "text", text: "Ahoy" }]);
});

test("a refusal is shown as what the model said", () => {
  const data = JSON.stringify({ choices: [{ delta: { refusal: "I will not." } }] });
  assert.deepEqual(readChatChunk(data), [{ type: "text", text: "I will not." }]);
});

test("one chunk may end the answer and count its tokens", () => {
  const data = JSON.stringify({
    choices: [{ delta: {}, finish_reason: "length" }],
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
  });
  assert.deepEqual(readChatChunk(data), [
    { type: "finish", reason: "length" },
    { type: "usage", usage: { input: 7, output: 3 } },
  ]);
});

test("a chunk with nothing that the console shows gives nothing", () => {
  for (const chunk of [
    {},
    { choices: [] },
    { choices: [{ delta: null }] },
    { choices: [{ delta: { content: "" } }], usage: null },
  ]) {
    assert.deepEqual(readChatChunk(JSON.stringify(chunk)), []);
  }
});

test("an error event is thrown with its code, sentence and hint", () => {
  const data = JSON.stringify({
    error: { code: "provider_timeout", message: "It took too long.", hint: "Ask for less." },
  });
  assert.throws(
    () => readChatChunk(data),
    (error) =>
      error instanceof ApiError &&
      error.code === "provider_timeout" &&
      error.message === "It took too long." &&
      error.hint === "Ask for less.",
  );
});

test("data that is no JSON object is refused by name", () => {
  for (const data of ["<html>", "", "null", "7"]) {
    assert.throws(
      () => readChatChunk(data),
      (error) => error instanceof ApiError && error.code === "unreadable_answer",
    );
  }
});
