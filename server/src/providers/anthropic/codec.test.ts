import assert from "node:assert/strict";
import { test } from "node:test";
import { foldEvents } from "@slipway/contracts/model/fold.ts";
import type { Message, ModelRequest } from "@slipway/contracts/model/request.ts";
import { createMessagesCodec } from "./codec.ts";
import { DEFAULT_MAX_TOKENS } from "./encode.ts";

const codec = createMessagesCodec("key");
const HELLO: Message = { role: "user", content: [{ type: "text", text: "Hello" }] };
const TOOL = { name: "t", parameters: { type: "object" } };

function encode(request: Partial<ModelRequest>): Record<string, unknown> {
  const { body } = codec.encode({ model: "m", messages: [HELLO], tools: [], stream: false, ...request });
  return JSON.parse(body ?? "") as Record<string, unknown>;
}

function extra(fields: Record<string, unknown>): Pick<ModelRequest, "extra"> {
  return { extra: { family: "anthropic", fields } };
}

function whole(fields: Record<string, unknown>): ReturnType<typeof foldEvents> {
  return foldEvents(codec.decodeAnswer(JSON.stringify({ id: "m", content: [], stop_reason: "end_turn", ...fields })));
}

test("a bound of tokens is always sent, and holds a thinking budget besides", () => {
  assert.equal(encode({})["max_tokens"], DEFAULT_MAX_TOKENS);
  assert.equal(encode({ maxOutputTokens: 7 })["max_tokens"], 7);
  const thinking = { type: "enabled", budget_tokens: 20_000 };
  assert.equal(encode(extra({ thinking }))["max_tokens"], DEFAULT_MAX_TOKENS + 20_000);
});

test("tool choice and parallel calls are said in Anthropic's words", () => {
  const choose = (request: Partial<ModelRequest>): unknown => encode({ tools: [TOOL], ...request })["tool_choice"];
  assert.equal(choose({}), undefined);
  assert.deepEqual(choose({ toolChoice: "auto" }), { type: "auto" });
  assert.deepEqual(choose({ toolChoice: "required", parallelToolCalls: false }), {
    type: "any",
    disable_parallel_tool_use: true,
  });
  assert.deepEqual(choose({ toolChoice: { name: "t" } }), { type: "tool", name: "t" });
  assert.deepEqual(choose({ toolChoice: "none", parallelToolCalls: false }), { type: "none" });
  assert.deepEqual(choose({ parallelToolCalls: false }), { type: "auto", disable_parallel_tool_use: true });
  assert.equal(choose({ parallelToolCalls: true }), undefined);
});

test("a schema goes as the native output format, beside the client's own output settings", () => {
  const responseFormat = { type: "json_schema", name: "n", schema: { type: "object" } } as const;
  assert.deepEqual(encode({ responseFormat, ...extra({ output_config: { effort: "low" } }) })["output_config"], {
    effort: "low",
    format: { type: "json_schema", schema: { type: "object" } },
  });
  assert.deepEqual(encode(extra({ output_config: { effort: "low" } }))["output_config"], { effort: "low" });
  assert.equal("output_config" in encode({ responseFormat: { type: "text" } }), false);
});

test("what Anthropic cannot carry is refused by name", () => {
  assert.throws(() => encode({ seed: 1 }), { code: "unsupported_field", param: "seed" });
  assert.throws(() => encode({ responseFormat: { type: "json_object" } }), {
    code: "unsupported_field",
    param: "responseFormat",
  });
  const image = { type: "image", source: { kind: "url", url: "https://example.com/a.png" }, detail: "high" } as const;
  assert.throws(() => encode({ messages: [{ role: "user", content: [image] }] }), {
    code: "unsupported_field",
    param: "messages[0].content[0].detail",
  });
  const call = { type: "tool_call", id: "c", name: "t", arguments: '{"cut":' } as const;
  assert.throws(() => encode({ messages: [{ role: "assistant", content: [call] }] }), {
    code: "invalid_request",
    param: "messages[0].content[0].arguments",
  });
  assert.throws(() => encode({ messages: [{ role: "tool", content: [call] }] }), { code: "invalid_request" });
});

test("messages of one role become one turn, with tool results first, and a later system message stays where it is", () => {
  const { system, messages } = encode({
    messages: [
      { role: "system", content: [{ type: "text", text: "first" }] },
      HELLO,
      {
        role: "assistant",
        content: [
          { type: "text", text: "" },
          { type: "tool_call", id: "functions.t:0", name: "t", arguments: "{}" },
        ],
      },
      { role: "tool", content: [{ type: "tool_result", toolCallId: "functions.t:0", text: "r" }] },
      { role: "user", content: [{ type: "text", text: "and?" }] },
      { role: "system", content: [{ type: "text", text: "later" }] },
      HELLO,
    ],
  });
  assert.equal(system, "first");
  assert.deepEqual(messages, [
    { role: "user", content: [{ type: "text", text: "Hello" }] },
    { role: "assistant", content: [{ type: "tool_use", id: "functions_t_0", name: "t", input: {} }] },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "functions_t_0", content: "r" },
        { type: "text", text: "and?" },
      ],
    },
    { role: "system", content: [{ type: "text", text: "later" }] },
    { role: "user", content: [{ type: "text", text: "Hello" }] },
  ]);
});

test("thinking goes back as it came, redacted or not; unsigned and foreign thinking stays here", () => {
  const answer = whole({
    content: [
      { type: "thinking", thinking: "one", signature: "s1" },
      { type: "redacted_thinking", data: "d" },
      { type: "thinking", thinking: "", signature: "s2" },
      { type: "text", text: "said" },
    ],
  });
  const foreign = [
    { type: "reasoning", text: "unsigned" },
    { type: "reasoning", text: "other", signature: "g", signedBy: "google" },
  ] as const;
  const { messages } = encode({ messages: [HELLO, { role: "assistant", content: [...foreign, ...answer.content] }] });
  assert.deepEqual((messages as { content: unknown }[])[1]?.content, [
    { type: "thinking", thinking: "one", signature: "s1" },
    { type: "redacted_thinking", data: "d" },
    { type: "thinking", thinking: "", signature: "s2" },
    { type: "text", text: "said" },
  ]);
});

test("every stop reason has its finish reason", () => {
  const reasons = {
    end_turn: "stop",
    stop_sequence: "stop",
    max_tokens: "length",
    model_context_window_exceeded: "length",
    pause_turn: "length",
    tool_use: "tool_calls",
    refusal: "refusal",
    something_new: "stop",
  };
  for (const [theirs, ours] of Object.entries(reasons)) assert.equal(whole({ stop_reason: theirs }).finishReason, ours);
});

test("blocks of Anthropic's own tools are passed over, their arguments too", () => {
  const events: unknown[] = [];
  const decoder = codec.openStream({ event: (event) => events.push(event) });
  const send = (event: unknown): boolean => decoder.event(JSON.stringify(event), "x");
  send({
    type: "content_block_start",
    index: 0,
    content_block: { type: "server_tool_use", id: "s", name: "web_search", input: {} },
  });
  send({ type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: '{"query":"x"}' } });
  send({ type: "content_block_stop", index: 0 });
  send({ type: "something_new" });
  assert.deepEqual(events, []);
});

test("usage comes from the start of a stream where its end says nothing, and is absent where nothing says it", () => {
  const run = (start: unknown, delta: unknown): unknown => {
    const events: Parameters<typeof foldEvents>[0] extends Iterable<infer Event> ? Event[] : never = [];
    const decoder = codec.openStream({ event: (event) => events.push(event) });
    decoder.event(JSON.stringify({ type: "message_start", message: { id: "m", usage: start } }), "");
    decoder.event(JSON.stringify({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: delta }), "");
    assert.equal(decoder.event(JSON.stringify({ type: "message_stop" }), ""), true);
    return foldEvents(events).usage;
  };
  assert.deepEqual(
    run({ input_tokens: 9, cache_read_input_tokens: 4, output_tokens: 1 }, { input_tokens: null, output_tokens: 6 }),
    {
      input: 9,
      cachedRead: 4,
      cacheWrite: 0,
      output: 6,
      reasoning: 0,
    },
  );
  assert.equal(run(undefined, undefined), undefined);
});
