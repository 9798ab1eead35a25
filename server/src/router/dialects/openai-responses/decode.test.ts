import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import * as fc from "fast-check";
import { createMessagesCodec } from "#providers/anthropic/codec.ts";
import { createResponsesCodec } from "#providers/openai/responses/codec.ts";
import { createChatCompletionsCodec } from "#providers/wire/chat-completions/codec.ts";
import { decode } from "./decode.ts";

const options = { provider: "openai", maxTokensField: "max_completion_tokens", returnsReasoning: false } as const;
const chat = createChatCompletionsCodec(options);
const responses = createResponsesCodec(options, chat);
const anthropic = createMessagesCodec("key");

/** What OpenAI's Responses API is sent of a body that came in its own dialect. */
function passed(body: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(responses.encode(decode(body).request).body ?? "") as Record<string, unknown>;
}

function refusal(run: () => unknown): SlipwayError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof SlipwayError, String(error));
    return error;
  }
  throw new Error("was not refused");
}

const CALL = { type: "function_call", call_id: "c1", name: "t", arguments: '{"a":1}' };

/** Everything that an agent sends. */
const INPUT = [
  { type: "message", role: "system", content: [{ type: "input_text", text: "The house rules." }] },
  {
    type: "message",
    role: "user",
    content: [
      { type: "input_text", text: "Look.", prompt_cache_breakpoint: { mode: "explicit" } },
      { type: "input_image", detail: "auto", image_url: "data:image/png;base64,iVBORw0KGgo=" },
      { type: "input_image", detail: "high", file_id: "file-1" },
      { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,JVBE" },
      { type: "input_file", file_url: "https://example.com/a.pdf" },
      { type: "input_video", of: "tomorrow" },
    ],
  },
  { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm." }], encrypted_content: "gAAA" },
  {
    type: "message",
    role: "assistant",
    phase: "commentary",
    content: [{ type: "output_text", text: "I look.", annotations: [] }],
  },
  CALL,
  { type: "function_call", call_id: "c2", name: "t", arguments: "{}", namespace: "n" },
  { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "q" } },
  { type: "function_call_output", call_id: "c1", output: "done" },
  { type: "custom_tool_call_output", call_id: "c3", output: "free" },
  { type: "message", role: "user", content: [{ type: "input_text", text: "And?" }] },
];

const FIELDS = {
  model: "gpt-5",
  tools: [
    { type: "function", name: "t", parameters: { type: "object" }, strict: true, defer_loading: true },
    { type: "web_search", search_context_size: "low" },
  ],
  tool_choice: "required",
  parallel_tool_calls: false,
  max_output_tokens: 50,
  temperature: 0.5,
  top_p: 0.9,
  reasoning: { effort: "low", summary: "detailed", context: "auto" },
  text: {
    verbosity: "low",
    format: { type: "json_schema", name: "n", description: "for", schema: { type: "object" }, strict: true },
  },
  include: ["web_search_call.action.sources"],
  service_tier: "flex",
  prompt_cache_key: "k",
  safety_identifier: "u",
  metadata: { a: "b" },
  truncation: "auto",
  max_tool_calls: 3,
  a_field_of_tomorrow: { deep: true },
  stream: true,
};

test("a request to OpenAI's own models arrives there as it was sent, but that nothing is stored there", () => {
  const sealed = { include: [...FIELDS.include, "reasoning.encrypted_content"], store: false };
  const input = INPUT.map((item) => (item.type === "reasoning" ? { ...item, id: undefined } : item));
  const sent = passed({ ...FIELDS, input: INPUT, store: true });
  const { input: arrived, ...rest } = sent;
  assert.deepEqual(rest, { ...FIELDS, ...sealed });
  const withoutIds = (items: unknown): unknown =>
    (items as Record<string, unknown>[]).map((item) =>
      item["type"] === "reasoning" ? { ...item, id: undefined } : item,
    );
  assert.deepEqual(withoutIds(arrived), input);
});

test("instructions come first, and short forms mean what they stand for", () => {
  const { request, keeping } = decode({ model: "m", instructions: "Be brief.", input: "hi" });
  assert.deepEqual(request.messages, [
    { role: "system", content: [{ type: "text", text: "Be brief." }] },
    { role: "user", content: [{ type: "text", text: "hi" }] },
  ]);
  assert.deepEqual(keeping, { previousId: undefined, store: true, hasReferences: false });
  const easy = decode({
    model: "m",
    input: [
      { role: "developer", content: "d" },
      { role: "assistant", content: "a" },
      { type: "item_reference", id: "msg_1" },
    ],
    store: false,
    previous_response_id: "resp_1",
  });
  assert.deepEqual(
    easy.request.messages.map(({ role }) => role),
    ["system", "assistant"],
  );
  assert.deepEqual(easy.keeping, { previousId: "resp_1", store: false, hasReferences: true });
});

test("other providers get what they can carry, in their words", () => {
  const body = {
    model: "m",
    input: [
      {
        role: "user",
        content: [{ type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,JVBE" }],
      },
      { type: "reasoning", summary: [], encrypted_content: "slipway:anthropic:sig" },
      {
        type: "message",
        role: "assistant",
        phase: "commentary",
        content: [{ type: "output_text", text: "I look.", annotations: [] }],
      },
      { ...CALL, id: "fc_1", status: "completed" },
      { type: "function_call_output", call_id: "c1", output: [{ type: "input_text", text: "done" }] },
    ],
    reasoning: { summary: "auto" },
    service_tier: "auto",
    metadata: { a: "b" },
  };
  const { messages, thinking } = JSON.parse(anthropic.encode(decode(body).request).body ?? "") as Record<
    string,
    unknown
  >;
  assert.equal(thinking, undefined);
  assert.deepEqual(messages, [
    {
      role: "user",
      content: [
        { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBE" }, title: "a.pdf" },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "", signature: "sig" },
        { type: "text", text: "I look." },
        { type: "tool_use", id: "c1", name: "t", input: { a: 1 } },
      ],
    },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: "done" }] },
  ]);
});

test("what changes an answer and cannot be carried elsewhere is refused by name", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ tools: [{ type: "web_search" }] }, "tools[0]"],
    [{ tools: [{ type: "function", name: "t", parameters: {}, defer_loading: true }] }, "tools[0].defer_loading"],
    [{ tool_choice: { type: "web_search" } }, "tool_choice"],
    [{ truncation: "auto" }, "truncation"],
    [{ max_tool_calls: 1 }, "max_tool_calls"],
    [{ reasoning: { effort: "low", context: "all_turns" } }, "reasoning"],
    [{ input: [{ type: "web_search_call", id: "w" }] }, "messages[0].content[0]"],
  ];
  for (const [fields, param] of cases) {
    const error = refusal(() => anthropic.encode(decode({ model: "m", input: "hi", ...fields }).request));
    assert.deepEqual([error.code, error.param], ["unsupported_field", param]);
  }
});

test("what this server could not keep is refused by name, and what asks for nothing is not", () => {
  for (const [field, value] of Object.entries({
    conversation: "conv_1",
    background: true,
    top_logprobs: 3,
    include: ["message.output_text.logprobs"],
  })) {
    const error = refusal(() => decode({ model: "m", input: "hi", [field]: value }));
    assert.deepEqual([error.code, error.param], ["unsupported_field", field]);
  }
  assert.doesNotThrow(() =>
    decode({ model: "m", input: "hi", background: false, top_logprobs: 0, conversation: null }),
  );
});

test("what is wrong is named", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ model: undefined }, "model"],
    [{ input: undefined }, "input"],
    [{ input: [] }, "input"],
    [{ input: [{ role: "robot", content: "x" }] }, "input[0].role"],
    [{ input: [{ role: "user", content: [{ type: "input_image" }] }] }, "input[0].content[0].image_url"],
    [
      { input: [{ role: "user", content: [{ type: "input_image", image_url: "data:x" }] }] },
      "input[0].content[0].image_url",
    ],
    [{ input: [{ type: "function_call", name: "t", arguments: "" }] }, "input[0].call_id"],
    [{ input: [{ type: "function_call_output", call_id: "c", output: 5 }] }, "input[0].output"],
    [{ reasoning: { effort: "huge" } }, "reasoning.effort"],
    [{ text: { format: { type: "json_schema", name: "n" } } }, "text.format.schema"],
    [{ text: { format: { type: "yaml" } } }, "text.format.type"],
    [{ tools: [{ type: "function" }] }, "tools[0].name"],
    [{ max_output_tokens: 0 }, "max_output_tokens"],
  ];
  for (const [fields, param] of cases) {
    const error = refusal(() => decode({ model: "m", input: "hi", ...fields }));
    assert.deepEqual([error.code, error.param], ["invalid_request", param]);
  }
});

test("whatever is sent, the answer is a request or one of our errors", () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const keys = fc.constantFrom(...Object.keys(FIELDS), "input", "instructions", "previous_response_id");
  const item = fc.dictionary(fc.constantFrom("type", "role", "content", "output", "call_id", "summary"), value);
  fc.assert(
    fc.property(fc.oneof(value, fc.dictionary(keys, fc.oneof(value, fc.array(item)))), (body) => {
      try {
        decode(body);
      } catch (error) {
        assert.ok(error instanceof SlipwayError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});
