import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import * as fc from "fast-check";
import type { Dialect } from "../dialect.ts";
import { answers, frameFor, HEAD, whole, written } from "../testing.ts";
import { anthropicMessages } from "./dialect.ts";

const decoded = anthropicMessages.decode(
  { model: "claude-x", max_tokens: 9, messages: [{ role: "user", content: "hi" }], stream: true },
  HEAD,
);

/** What the official client makes of a streamed body. */
async function read(body: string): Promise<Anthropic.Message> {
  const client = new Anthropic({
    apiKey: "k",
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } })),
  });
  return client.messages
    .stream({ model: "claude-x", max_tokens: 9, messages: [{ role: "user", content: "hi" }] })
    .finalMessage();
}

async function assertSame(dialect: Dialect, events: readonly ModelEvent[]): Promise<void> {
  // The client adds a field of its own for parsed answers.
  const { parsed_output: _, ...message } = (await read(written(dialect, decoded, events))) as Anthropic.Message & {
    parsed_output?: unknown;
  };
  const streamed: unknown = JSON.parse(JSON.stringify(message));
  assert.deepEqual(streamed, whole(dialect, decoded, events));
}

test("the official client gathers the same message from a stream as it gets whole", async () => {
  await fc.assert(
    fc.asyncProperty(answers, (events) => assertSame(anthropicMessages, events)),
    { numRuns: 300 },
  );
});

test("negative control: a writer that loses a kind of event is seen", async () => {
  for (const lost of ["text", "citation", "tool_call_delta", "reasoning"]) {
    const losing: Dialect = {
      ...anthropicMessages,
      writer(frame) {
        const writer = anthropicMessages.writer(frame);
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

function namesOf(body: string): string[] {
  return [...body.matchAll(/^event: (.+)$/gm)].map(([, name]) => name ?? "");
}

test("the events come in the documented order, with a ping after the head", () => {
  const body = written(anthropicMessages, decoded, [
    {
      type: "start",
      id: "msg_1",
      model: "m",
      usage: { input: 3, cachedRead: 2, cacheWrite: 1, output: 1, reasoning: 0 },
    },
    { type: "text", text: "a" },
    { type: "text", text: "b" },
    { type: "tool_call_start", index: 0, id: "c", name: "t" },
    { type: "tool_call_delta", index: 0, arguments: "{}" },
    {
      type: "finish",
      reason: "tool_calls",
      usage: { input: 3, cachedRead: 2, cacheWrite: 1, output: 9, reasoning: 4 },
    },
  ]);
  assert.deepEqual(namesOf(body), [
    "message_start",
    "ping",
    "content_block_start",
    "content_block_delta",
    "content_block_delta",
    "content_block_stop",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
  ]);
  const data = [...body.matchAll(/^data: (.+)$/gm)].map(
    ([, json]) => JSON.parse(json ?? "") as Record<string, unknown>,
  );
  const [start] = data as { message?: { usage?: unknown } }[];
  assert.deepEqual(start?.message?.usage, {
    input_tokens: 3,
    cache_creation_input_tokens: 1,
    cache_read_input_tokens: 2,
    output_tokens: 1,
    output_tokens_details: { thinking_tokens: 0 },
  });
  assert.deepEqual(data.at(-2), {
    type: "message_delta",
    delta: { stop_reason: "tool_use", stop_sequence: null, stop_details: null },
    usage: {
      input_tokens: 3,
      cache_creation_input_tokens: 1,
      cache_read_input_tokens: 2,
      output_tokens: 13,
      output_tokens_details: { thinking_tokens: 4 },
    },
  });
});

test("blocks of Anthropic's own, its citations, containers and counts come out as they went in", async () => {
  const search = {
    type: "server_tool_use",
    id: "srvtoolu_1",
    name: "web_search",
    input: { query: "x" },
    caller: { type: "direct" },
  };
  const found = {
    type: "web_search_tool_result",
    tool_use_id: "srvtoolu_1",
    content: [{ type: "web_search_result", url: "u" }],
  };
  const cited = {
    type: "char_location",
    cited_text: "c",
    document_index: 0,
    document_title: null,
    start_char_index: 0,
    end_char_index: 1,
  };
  const events: ModelEvent[] = [
    { type: "start", id: "msg_1", model: "m" },
    { type: "native", family: "anthropic", value: search },
    { type: "native", family: "anthropic", value: found },
    { type: "text", text: "So: " },
    { type: "text_end" },
    { type: "text", text: "this" },
    { type: "citation", citation: { citedText: "c", native: { family: "anthropic", value: cited } } },
    { type: "reasoning", text: "", signature: "redacted_thinking:blob", signedBy: "anthropic" },
    {
      type: "finish",
      reason: "pause",
      native: {
        family: "anthropic",
        fields: { container: { id: "ctr" }, usage: { server_tool_use: { web_search_requests: 1 } } },
      },
    },
  ];
  const message = whole(anthropicMessages, decoded, events) as Anthropic.Message;
  assert.deepEqual(message.content, [
    search,
    found,
    { type: "text", text: "So: " },
    { type: "text", text: "this", citations: [cited] },
    { type: "redacted_thinking", data: "blob" },
  ]);
  assert.equal(message.stop_reason, "pause_turn");
  assert.deepEqual(message.container, { id: "ctr" });
  assert.deepEqual(message.usage.server_tool_use, { web_search_requests: 1 });
  await assertSame(anthropicMessages, events);
});

test("a stop sequence and a refusal are told as Anthropic tells them", async () => {
  const stopped: ModelEvent[] = [
    { type: "start" },
    { type: "text", text: "a" },
    { type: "finish", reason: "stop", stopSequence: "END" },
  ];
  const message = await read(written(anthropicMessages, decoded, stopped));
  assert.deepEqual([message.id, message.stop_reason, message.stop_sequence], ["id_1", "stop_sequence", "END"]);
  const refused: ModelEvent[] = [
    { type: "start" },
    { type: "refusal", text: "No, " },
    { type: "refusal", text: "never." },
    { type: "finish", reason: "refusal" },
  ];
  assert.deepEqual((await read(written(anthropicMessages, decoded, refused))).stop_details, {
    type: "refusal",
    category: null,
    explanation: "No, never.",
  });
  await assertSame(anthropicMessages, stopped);
  await assertSame(anthropicMessages, refused);
});

test("arguments that are no JSON object reach the client as they are", () => {
  const events: ModelEvent[] = [
    { type: "start" },
    { type: "tool_call_start", index: 0, id: "c", name: "t" },
    { type: "tool_call_delta", index: 0, arguments: '{"cut":' },
    { type: "finish", reason: "length" },
  ];
  const { content } = whole(anthropicMessages, decoded, events) as Anthropic.Message;
  assert.deepEqual(content[0], {
    type: "tool_use",
    id: "c",
    name: "t",
    input: { malformed_arguments: '{"cut":' },
    caller: { type: "direct" },
  });
});

test("what a server says between the pieces of a call comes after the call, and of a call that is cut nothing is lost", () => {
  const call = (...pieces: readonly string[]): ModelEvent[] => [
    { type: "start" },
    { type: "tool_call_start", index: 0, id: "c", name: "t" },
    ...pieces.map((piece): ModelEvent =>
      piece.startsWith("{") || piece.endsWith("}")
        ? { type: "tool_call_delta", index: 0, arguments: piece }
        : { type: "text", text: piece },
    ),
    { type: "finish", reason: "tool_calls" },
  ];
  const deltas = (events: readonly ModelEvent[]): string[] =>
    [...written(anthropicMessages, decoded, events).matchAll(/"(?:partial_json|text)":("(?:[^"\\]|\\.)+")/g)].map(
      ([, text]) => JSON.parse(text ?? "") as string,
    );
  assert.deepEqual(deltas(call('{"a":', " so", "1}", " and", " on")), ['{"a":', "1}", " so", " and", " on"]);
  assert.deepEqual(deltas(call('{"a":', " so", " and")), ['{"a":', " so", " and"]);
});

test("a failure after the answer began is an error event that the official client throws", async () => {
  const writer = anthropicMessages.writer(frameFor(decoded));
  const text =
    writer.event({ type: "start" }) +
    writer.event({ type: "text", text: "half" }) +
    writer.fail(new SlipwayError("provider_stream_broken", "It broke.", { hint: "Try again." }));
  await assert.rejects(read(text), (error: unknown) => {
    assert.ok(error instanceof Anthropic.APIError);
    assert.match(error.message, /It broke\. Try again\./);
    return true;
  });
});

test("errors have Anthropic's types and our stable code", () => {
  const cases = [
    ["unauthenticated", 401, "authentication_error"],
    ["forbidden", 403, "permission_error"],
    ["model_not_found", 404, "not_found_error"],
    ["body_too_large", 413, "request_too_large"],
    ["rate_limited", 429, "rate_limit_error"],
    ["unsupported_field", 400, "invalid_request_error"],
    ["provider_error", 502, "api_error"],
    ["provider_timeout", 504, "timeout_error"],
    ["overloaded", 529, "overloaded_error"],
  ] as const;
  for (const [code, status, type] of cases) {
    const error = new SlipwayError(code, "m", { hint: "h", param: "p" });
    assert.equal(anthropicMessages.errors.status?.(error), status);
    assert.deepEqual(anthropicMessages.errors.encode(error, "req_1"), {
      type: "error",
      error: { type, message: "m h", details: { error_code: code, param: "p" } },
      request_id: "req_1",
    });
  }
});
