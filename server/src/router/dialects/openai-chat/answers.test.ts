import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import * as fc from "fast-check";
import OpenAI from "openai";
import type { Dialect } from "../dialect.ts";
import { answers, HEAD, whole, written } from "../testing.ts";
import { openaiChat } from "./dialect.ts";

const BODY = { model: "gpt-x", messages: [{ role: "user" as const, content: "hi" }] };
const decoded = openaiChat.decode({ ...BODY, stream: true, stream_options: { include_usage: true } }, HEAD);

/** What the official client makes of a streamed body. */
function read(body: string): Promise<OpenAI.Chat.Completions.ChatCompletion> {
  const client = new OpenAI({
    apiKey: "k",
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } })),
  });
  return client.chat.completions.stream(BODY).finalChatCompletion();
}

/** Without what the client adds for parsed answers, and without reasoning, which it knows no way to gather. */
function comparable(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, field: unknown) =>
      key === "parsed" || key === "reasoning_content" || key === "parsed_arguments" ? undefined : field,
    ),
  ) as unknown;
}

async function assertSame(dialect: Dialect, events: readonly ModelEvent[]): Promise<void> {
  const streamed = comparable(await read(written(dialect, decoded, events))) as { choices: { message: object }[] };
  const answer = comparable(whole(dialect, decoded, events)) as {
    choices: { message: { content: unknown; tool_calls?: object[] } }[];
  };
  // The client has an empty text where a whole answer has none.
  for (const { message } of answer.choices) message.content ??= "";
  assert.deepEqual({ ...streamed, object: "chat.completion" }, answer);
}

test("the official client gathers the same completion from a stream as it gets whole", async () => {
  await fc.assert(
    fc.asyncProperty(answers, (events) => assertSame(openaiChat, events)),
    { numRuns: 300 },
  );
});

test("an answer that is cut by a refusal without a word does not look whole; one that says why is told by the message", async () => {
  const ends = (...refusal: ModelEvent[]): ModelEvent[] => [
    { type: "start" },
    { type: "text", text: "First, " },
    ...refusal,
    { type: "finish", reason: "refusal" },
  ];
  for (const [events, reason] of [
    [ends(), "content_filter"],
    [ends({ type: "refusal", text: "No." }), "stop"],
  ] as const) {
    const { choices } = whole(openaiChat, decoded, events) as OpenAI.Chat.Completions.ChatCompletion;
    assert.equal(choices[0]?.finish_reason, reason);
    assert.ok(written(openaiChat, decoded, events).includes(`"finish_reason":"${reason}"`));
    await assertSame(openaiChat, events);
  }
});

test("negative control: a writer that loses a kind of event is seen", async () => {
  for (const lost of ["text", "citation", "tool_call_delta"]) {
    const losing: Dialect = {
      ...openaiChat,
      writer(frame) {
        const writer = openaiChat.writer(frame);
        return {
          event: (event) => (event.type === lost ? "" : writer.event(event)),
          end: () => writer.end(),
          fail: (error) => writer.fail(error),
        };
      },
    };
    await assert.rejects(
      fc.assert(
        fc.asyncProperty(answers, (events) => assertSame(losing, events)),
        { numRuns: 300 },
      ),
      lost,
    );
  }
});

test("sources are annotations with the span of their piece, or the one that the provider names", () => {
  const events: ModelEvent[] = [
    { type: "start" },
    { type: "text", text: "It is " },
    { type: "text_end" },
    { type: "text", text: "so" },
    { type: "citation", citation: { url: "https://example.com/a", title: "A" } },
    { type: "citation", citation: { url: "https://example.com/b", startIndex: 1, endIndex: 2 } },
    { type: "citation", citation: { title: "a document without an address" } },
    { type: "text_end" },
    { type: "text", text: "." },
    { type: "finish", reason: "stop" },
  ];
  const expected = [
    { type: "url_citation", url_citation: { url: "https://example.com/a", title: "A", start_index: 6, end_index: 8 } },
    {
      type: "url_citation",
      url_citation: { url: "https://example.com/b", title: "https://example.com/b", start_index: 7, end_index: 8 },
    },
  ];
  const answer = whole(openaiChat, decoded, events) as OpenAI.Chat.Completions.ChatCompletion;
  assert.deepEqual(answer.choices[0]?.message.annotations, expected);
});
