import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import { foldEvents, type ModelAnswer } from "@slipway/contracts/model/fold.ts";
import type { Message, ModelRequest } from "@slipway/contracts/model/request.ts";
import { createChatCompletionsCodec } from "../../wire/chat-completions/codec.ts";
import { createResponsesCodec } from "./codec.ts";

const options = {
  provider: "openai",
  apiKey: "key",
  maxTokensField: "max_completion_tokens",
  returnsReasoning: false,
} as const;
const codec = createResponsesCodec(options, createChatCompletionsCodec(options));

const HELLO: Message = { role: "user", content: [{ type: "text", text: "Hello" }] };

function encode(request: Partial<ModelRequest>): Record<string, unknown> {
  const { body } = codec.encode({ model: "gpt-5", messages: [HELLO], tools: [], stream: false, ...request });
  return JSON.parse(body ?? "") as Record<string, unknown>;
}

function whole(output: readonly unknown[]): ModelAnswer {
  return foldEvents(codec.decodeAnswer(JSON.stringify({ id: "r", model: "m", status: "completed", output })));
}

function streamed(events: readonly unknown[]): ModelAnswer {
  const made: ModelEvent[] = [];
  const decoder = codec.openStream({ event: (event) => made.push(event) });
  decoder.event(JSON.stringify({ type: "response.created", response: { id: "r", model: "m" } }), "");
  for (const event of events) decoder.event(JSON.stringify(event), "");
  assert.equal(
    decoder.event(JSON.stringify({ type: "response.completed", response: { status: "completed" } }), ""),
    true,
  );
  return foldEvents(made);
}

const refuses = (param: string) => ({ code: "unsupported_field", param });

test("nothing is stored at OpenAI, and reasoning is asked for sealed where the model thinks", () => {
  assert.deepEqual([encode({})["store"], encode({})["include"]], [false, ["reasoning.encrypted_content"]]);
  for (const model of ["gpt-4.1", "gpt-5-chat-latest", "chatgpt-4o-latest"])
    assert.equal(encode({ model })["include"], undefined);
  assert.deepEqual(encode({ model: "gpt-4.1", reasoning: { effort: "low" } })["include"], [
    "reasoning.encrypted_content",
  ]);
  const include = ["web_search_call.action.sources", "reasoning.encrypted_content"];
  const extra = { family: "openai", fields: { include } } as const;
  assert.deepEqual(encode({ format: "openai-responses", extra })["include"], include);
});

test("an answer goes back as it came: sealed reasoning, remarks, calls and blocks of OpenAI's own", () => {
  const output = [
    { id: "rs_1", type: "reasoning", summary: [{ type: "summary_text", text: "Hm." }], encrypted_content: "gAAA" },
    {
      id: "m1",
      type: "message",
      role: "assistant",
      phase: "commentary",
      content: [{ type: "output_text", text: "Looking.", annotations: [] }],
    },
    { id: "ws_1", type: "web_search_call", status: "completed", action: { type: "search", query: "q" } },
    { id: "fc_1", type: "function_call", call_id: "c1", name: "t", arguments: '{"a":1}' },
    { id: "ct_1", type: "custom_tool_call", call_id: "c2", name: "free", input: "text" },
    { id: "fc_2", type: "function_call", call_id: "c3", name: "t", arguments: "{}", caller: { type: "program" } },
    {
      id: "m2",
      type: "message",
      role: "assistant",
      phase: "final_answer",
      content: [{ type: "output_text", text: "So.", annotations: [] }],
    },
  ];
  const answer = whole(output);
  assert.deepEqual(answer.content, [
    { type: "reasoning", text: "Hm.", signature: "rs_1:gAAA", signedBy: "openai" },
    { type: "text", text: "Looking.", phase: "commentary" },
    { type: "native", family: "openai", value: output[2] },
    { type: "tool_call", id: "c1", name: "t", arguments: '{"a":1}' },
    { type: "native", family: "openai", value: output[4] },
    { type: "native", family: "openai", value: output[5] },
    { type: "text", text: "So.", phase: "final_answer" },
  ]);
  const { input } = encode({ messages: [HELLO, { role: "assistant", content: answer.content }] });
  assert.deepEqual((input as unknown[]).slice(1), [
    output[0],
    {
      type: "message",
      role: "assistant",
      phase: "commentary",
      content: [{ type: "output_text", text: "Looking.", annotations: [] }],
    },
    output[2],
    { type: "function_call", call_id: "c1", name: "t", arguments: '{"a":1}' },
    output[4],
    output[5],
    {
      type: "message",
      role: "assistant",
      phase: "final_answer",
      content: [{ type: "output_text", text: "So.", annotations: [] }],
    },
  ]);
});

test("every piece of a message's text has the message's phase, and none of the message before", () => {
  const said = (text: string) => ({ type: "output_text", text, annotations: [] });
  const messages = [
    { id: "m1", type: "message", role: "assistant", phase: "commentary", content: [said("a"), said("b")] },
    { id: "m2", type: "message", role: "assistant", content: [said("c")] },
  ];
  const expected = [
    { type: "text", text: "a", phase: "commentary" },
    { type: "text", text: "b", phase: "commentary" },
    { type: "text", text: "c" },
  ];
  assert.deepEqual(whole(messages).content, expected);
  const events = messages.flatMap((message) => [
    { type: "response.output_item.added", item: { ...message, content: [] } },
    ...message.content.flatMap((part) => [
      { type: "response.content_part.added", part: said("") },
      { type: "response.output_text.delta", delta: part.text },
    ]),
  ]);
  assert.deepEqual(streamed(events).content, expected);
});

test("a stream makes the same of it: parts of a summary, pieces of text, sources, mixed calls", () => {
  const annotation = { type: "url_citation", url: "u", title: "t", start_index: 0, end_index: 1 };
  const answer = streamed([
    { type: "response.output_item.added", item: { id: "rs", type: "reasoning", summary: [] } },
    { type: "response.reasoning_summary_part.added", summary_index: 0 },
    { type: "response.reasoning_summary_text.delta", delta: "one" },
    { type: "response.reasoning_summary_part.added", summary_index: 1 },
    { type: "response.reasoning_summary_text.delta", delta: "two" },
    { type: "response.output_item.done", item: { id: "rs", type: "reasoning", encrypted_content: "e" } },
    { type: "response.output_item.added", item: { id: "m", type: "message" } },
    { type: "response.content_part.added", part: { type: "output_text", text: "" } },
    { type: "response.output_text.delta", delta: "a" },
    { type: "response.output_text.annotation.added", annotation },
    { type: "response.content_part.added", part: { type: "output_text", text: "" } },
    { type: "response.output_text.delta", delta: "b" },
    {
      type: "response.output_item.added",
      item: { id: "f1", type: "function_call", call_id: "c1", name: "x", arguments: "" },
    },
    {
      type: "response.output_item.added",
      item: { id: "f2", type: "function_call", call_id: "c2", name: "y", arguments: "" },
    },
    { type: "response.function_call_arguments.delta", item_id: "f2", delta: '{"b"' },
    { type: "response.function_call_arguments.delta", item_id: "f1", delta: "{}" },
    { type: "response.function_call_arguments.delta", item_id: "f2", delta: ":1}" },
    { type: "response.output_item.done", item: { id: "f1", type: "function_call", arguments: "{}" } },
    { type: "response.something.new", item: {} },
  ]);
  assert.deepEqual(answer.content, [
    { type: "reasoning", text: "one\n\ntwo", signature: "rs:e", signedBy: "openai" },
    {
      type: "text",
      text: "a",
      citations: [
        { url: "u", title: "t", startIndex: 0, endIndex: 1, native: { family: "openai", value: annotation } },
      ],
    },
    { type: "text", text: "b" },
    { type: "tool_call", id: "c1", name: "x", arguments: "{}" },
    { type: "tool_call", id: "c2", name: "y", arguments: '{"b":1}' },
  ]);
  assert.equal(answer.finishReason, "tool_calls");
});

test("tools of OpenAI's own go along, others' are refused, and strictness is said where silence would mean it", () => {
  const search = { type: "web_search", search_context_size: "low" };
  const tool = { name: "t", parameters: { type: "object" } };
  const nativeTools = [{ family: "openai", path: "tools[1]", value: search }] as const;
  const wire = { type: "function", name: "t", parameters: { type: "object" } };
  assert.deepEqual(encode({ tools: [tool], nativeTools })["tools"], [{ ...wire, strict: false }, search]);
  assert.deepEqual(encode({ format: "openai-responses", tools: [tool] })["tools"], [wire]);
  const foreign = [{ family: "anthropic", path: "tools[0]", value: {} }] as const;
  assert.throws(() => encode({ nativeTools: foreign }), refuses("tools[0]"));
});

test("what the Responses API has no setting for is refused, and what it names otherwise is renamed", () => {
  for (const [field, value] of Object.entries({
    seed: 1,
    topK: 2,
    stop: ["x"],
    presencePenalty: 1,
    frequencyPenalty: -1,
  }))
    assert.throws(() => encode({ [field]: value }), refuses(field));
  const extra = (fields: Record<string, unknown>) => ({ extra: { family: "openai" as const, fields } });
  assert.deepEqual(encode(extra({ verbosity: "low" }))["text"], { verbosity: "low" });
  assert.throws(() => encode(extra({ logit_bias: {} })), refuses("logit_bias"));
  const body = encode({ reasoning: { effort: "high", show: true }, maxOutputTokens: 5, endUser: "u" });
  assert.deepEqual(
    [body["reasoning"], body["max_output_tokens"], body["safety_identifier"]],
    [{ effort: "high", summary: "auto" }, 5, "u"],
  );
});

test("tools give images and files here, and failures in words", () => {
  const image = { type: "image", source: { kind: "url", url: "https://example.com/a.png" } } as const;
  const { input } = encode({
    messages: [
      {
        role: "tool",
        content: [
          { type: "tool_result", toolCallId: "a", content: [{ type: "text", text: "see" }, image] },
          { type: "tool_result", toolCallId: "b", content: [{ type: "text", text: "no" }], isError: true },
        ],
      },
    ],
  });
  assert.deepEqual(input, [
    {
      type: "function_call_output",
      call_id: "a",
      output: [
        { type: "input_text", text: "see" },
        { type: "input_image", detail: "auto", image_url: "https://example.com/a.png" },
      ],
    },
    { type: "function_call_output", call_id: "b", output: "Error: no" },
  ]);
});

test("a failed response is an error with its reason, streamed or not", () => {
  const response = {
    id: "r",
    status: "failed",
    output: [],
    error: { code: "rate_limit_exceeded", message: "slow down" },
  };
  assert.throws(() => codec.decodeAnswer(JSON.stringify(response)), {
    code: "provider_rate_limited",
    message: /slow down/,
  });
  const decoder = codec.openStream({ event: () => {} });
  assert.throws(() => decoder.event(JSON.stringify({ type: "response.failed", response }), ""), {
    code: "provider_rate_limited",
  });
  const event = { type: "error", code: "invalid_api_key", message: "who are you" };
  assert.throws(() => decoder.event(JSON.stringify(event), ""), { code: "provider_auth" });
});
