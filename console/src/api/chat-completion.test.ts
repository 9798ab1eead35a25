import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { ApiError } from "./api-error.ts";
import type { ChatEvent } from "./chat-chunk.ts";
import { readChatStream } from "./chat-completion.ts";

const chunk = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const text = (content: string): string => chunk({ choices: [{ delta: { content } }] });

const WHOLE =
  ": a comment keeps the line open\n\n" +
  text("Grüße, ") +
  text("世界 🌊") +
  chunk({ choices: [{ delta: {}, finish_reason: "stop" }] }) +
  chunk({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 4 } }) +
  "data: [DONE]\n\n";

const EXPECTED: ChatEvent[] = [
  { type: "text", text: "Grüße, " },
  { type: "text", text: "世界 🌊" },
  { type: "finish", reason: "stop" },
  { type: "usage", usage: { input: 5, output: 4 } },
];

/** A body that arrives in the given pieces; `cancelled` tells whether the reader gave it up. */
function bodyOf(pieces: readonly Uint8Array<ArrayBuffer>[]) {
  const state = { cancelled: false };
  let next = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const piece = pieces[next++];
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
    cancel() {
      state.cancelled = true;
    },
  });
  return { body, state };
}

const encode = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);

async function collect(events: AsyncIterable<ChatEvent>): Promise<ChatEvent[]> {
  const all: ChatEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

test("an answer reads the same wherever the network splits it", async () => {
  const bytes = encode(WHOLE);
  for (let at = 1; at < bytes.length; at++) {
    const { body } = bodyOf([bytes.slice(0, at), bytes.slice(at)]);
    assert.deepEqual(await collect(readChatStream(body)), EXPECTED, `split at byte ${at}`);
  }
  const single = bodyOf([...bytes].map((byte) => Uint8Array.of(byte)));
  assert.deepEqual(await collect(readChatStream(single.body)), EXPECTED);
});

test("an answer that ends before [DONE] is broken, after all that came of it", async () => {
  const seen: ChatEvent[] = [];
  const { body } = bodyOf([encode(text("half"))]);
  await assert.rejects(
    async () => {
      for await (const event of readChatStream(body)) seen.push(event);
    },
    (error) => error instanceof ApiError && error.code === "stream_broken",
  );
  assert.deepEqual(seen, [{ type: "text", text: "half" }]);
});

test("a reader that stops early gives up the connection", async () => {
  const { body, state } = bodyOf(Array.from({ length: 100 }, () => encode(text("more "))));
  for await (const event of readChatStream(body)) {
    assert.equal(event.type, "text");
    break;
  }
  // The cancellation travels through the decoder's pipes first.
  await setImmediate();
  assert.equal(state.cancelled, true);
});

test("an endless answer is cut off at the bound", async () => {
  const piece = encode(text("x".repeat(500_000)));
  const { body, state } = bodyOf(Array.from({ length: 20 }, () => piece));
  await assert.rejects(
    () => collect(readChatStream(body)),
    (error) => error instanceof ApiError && error.code === "answer_too_long",
  );
  assert.equal(state.cancelled, true);
});

test("an event that never ends does not fill the memory", async () => {
  const piece = encode("data: " + "x".repeat(400_000));
  const { body } = bodyOf(Array.from({ length: 10 }, () => piece));
  await assert.rejects(() => collect(readChatStream(body)));
});
