import assert from "node:assert/strict";
import { test } from "node:test";
import { announcementOf, noteOf, statsOf } from "./answer-facts.ts";
import type { AnswerTurn } from "./conversation.ts";

const ANSWER: AnswerTurn = { role: "assistant", id: 1, model: "gpt-5", text: "Ahoy", phase: "done", askedAt: 0 };

test("tokens and time are shown as far as they are known", () => {
  assert.equal(
    statsOf({ ...ANSWER, usage: { input: 1412, output: 28 }, durationMs: 1234 }),
    "1,412 tokens in · 28 out · 1.23 s",
  );
  assert.equal(statsOf({ ...ANSWER, durationMs: 87.4 }), "87 ms");
  assert.equal(statsOf({ ...ANSWER, durationMs: 61_000 }), "61.0 s");
  assert.equal(statsOf(ANSWER), "");
});

test("an answer that did not simply end says why", () => {
  assert.equal(noteOf({ ...ANSWER, finishReason: "stop" }), undefined);
  assert.match(noteOf({ ...ANSWER, finishReason: "length" }) ?? "", /limit of output tokens/);
  assert.match(noteOf({ ...ANSWER, phase: "stopped" }) ?? "", /Stopped/);
  assert.match(noteOf({ ...ANSWER, text: "" }) ?? "", /without any text/);
});

test("a screen reader hears that an answer runs and how it ended, not each piece", () => {
  const streaming = { ...ANSWER, phase: "streaming" } as const;
  assert.equal(announcementOf(streaming), announcementOf({ ...streaming, text: "Ahoy there" }));
  assert.equal(announcementOf(ANSWER), "Answer: Ahoy");
  assert.equal(announcementOf({ ...ANSWER, text: "word ".repeat(500).trim() }), "Answer finished, about 500 words.");
  assert.equal(announcementOf(undefined), "");
});
