import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import { foldEvents } from "@slipway/contracts/model/fold.ts";
import * as fc from "fast-check";
import type { AnswerFrame } from "../dialect.ts";
import { answers, frameFor, HEAD } from "../testing.ts";
import { openaiChat } from "./dialect.ts";
import { encode, encodePlain } from "./encode.ts";

const frame = frameFor(openaiChat.decode({ model: 'gpt-"x"\n', messages: [{ role: "user", content: "hi" }] }, HEAD));

const count = fc.nat(1e9);
const plain = fc
  .record(
    {
      id: fc.string({ unit: "binary" }),
      model: fc.string(),
      text: fc.string({ unit: "binary", minLength: 1 }),
      usage: fc.record({ input: count, cachedRead: count, cacheWrite: count, output: count, reasoning: count }),
      reason: fc.constantFrom("stop", "length", "content_filter", "refusal", "pause", "tool_calls"),
    },
    { requiredKeys: ["text", "reason"] },
  )
  .map(({ id, model, text, usage, reason }): ModelEvent[] => [
    { type: "start", ...(id === undefined ? {} : { id }), ...(model === undefined ? {} : { model }) },
    { type: "text", text },
    { type: "finish", reason, ...(usage === undefined ? {} : { usage }) },
  ]);

/** How many of the answers are put together, each of them as `encode` has it. */
function check(write: typeof encodePlain): number {
  let put = 0;
  fc.assert(
    fc.property(fc.oneof(plain, answers), (events) => {
      const answer = foldEvents(events);
      const text = write(answer, frame);
      if (text === undefined) return;
      put += 1;
      assert.equal(text, JSON.stringify(encode(answer, frame)));
    }),
    { numRuns: 2000 },
  );
  return put;
}

test("a plain answer that is put together is the JSON of the answer, byte by byte; every other is left to the encoder", () => {
  assert.ok(check(encodePlain) > 200);
});

test("what was written to the vendor's cache is told where there is any, as OpenAI tells it", () => {
  const details = (cacheWrite: number): unknown => {
    const usage = { input: 1, cachedRead: 2, cacheWrite, output: 3, reasoning: 0 };
    const finish = { type: "finish", reason: "stop", usage } as const;
    const answer = foldEvents([{ type: "text", text: "hi" }, finish]);
    const told = JSON.parse(encodePlain(answer, frame) ?? "") as { usage: { prompt_tokens_details: unknown } };
    assert.deepEqual(JSON.parse(JSON.stringify(encode(answer, frame))), told);
    return told.usage.prompt_tokens_details;
  };
  assert.deepEqual(details(4), { cached_tokens: 2, cache_write_tokens: 4 });
  assert.deepEqual(details(0), { cached_tokens: 2 });
});

test("negative control: a text that is not escaped, or a figure that is left out, is seen", () => {
  const change = (from: RegExp, to: string) => (answer: Parameters<typeof encodePlain>[0], of: AnswerFrame) =>
    encodePlain(answer, of)?.replace(from, to);
  assert.throws(() => check(change(/\\"/, '"')));
  assert.throws(() => check(change(/"cached_tokens":[1-9]\d*/, '"cached_tokens":0')));
});
