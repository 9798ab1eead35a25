import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelEvent } from "./event.ts";
import { answerMessage, foldEvents } from "./fold.ts";

test("an answer keeps its text, reasoning and calls in the order in which they came", () => {
  const events: ModelEvent[] = [
    { type: "start", id: "a1", model: "m" },
    { type: "reasoning", text: "first " },
    { type: "reasoning", text: "thought" },
    { type: "reasoning", text: "", signature: "s1", signedBy: "anthropic" },
    { type: "reasoning", text: "second", signature: "s2", signedBy: "anthropic" },
    { type: "text", text: "Let me " },
    { type: "text", text: "look." },
    { type: "tool_call_start", index: 0, id: "c1", name: "one" },
    { type: "tool_call_start", index: 1, id: "c2", name: "two" },
    { type: "tool_call_delta", index: 0, arguments: '{"a":' },
    { type: "tool_call_delta", index: 1, arguments: "{}" },
    { type: "tool_call_delta", index: 0, arguments: "1}" },
    { type: "finish", reason: "tool_calls" },
  ];
  const answer = foldEvents(events);
  assert.equal(answer.text, "Let me look.");
  assert.equal(answer.reasoning, "first thoughtsecond");
  assert.deepEqual(answer.toolCalls, [
    { id: "c1", name: "one", arguments: '{"a":1}' },
    { id: "c2", name: "two", arguments: "{}" },
  ]);
  assert.deepEqual(answerMessage(answer), {
    role: "assistant",
    content: [
      { type: "reasoning", text: "first thought", signature: "s1", signedBy: "anthropic" },
      { type: "reasoning", text: "second", signature: "s2", signedBy: "anthropic" },
      { type: "text", text: "Let me look." },
      { type: "tool_call", id: "c1", name: "one", arguments: '{"a":1}' },
      { type: "tool_call", id: "c2", name: "two", arguments: "{}" },
    ],
  });
});

test("a signature without reasoning text is not lost, for the next request needs it", () => {
  const answer = foldEvents([
    { type: "reasoning", text: "", signature: "s", signedBy: "google" },
    { type: "tool_call_start", index: 0, id: "c", name: "t" },
    { type: "finish", reason: "tool_calls" },
  ]);
  assert.deepEqual(answerMessage(answer).content[0], {
    type: "reasoning",
    text: "",
    signature: "s",
    signedBy: "google",
  });
});

test("a refusal becomes the text of the message when there is no other", () => {
  const answer = foldEvents([
    { type: "refusal", text: "I cannot " },
    { type: "refusal", text: "do that." },
    { type: "finish", reason: "refusal" },
  ]);
  assert.deepEqual(answerMessage(answer).content, [{ type: "text", text: "I cannot do that." }]);
});
