import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import * as fc from "fast-check";
import { createMessagesCodec } from "#providers/anthropic/codec.ts";
import { createChatCompletionsCodec } from "#providers/wire/chat-completions/codec.ts";
import { decode } from "./decode.ts";

const MESSAGES = [{ role: "user", content: "hi" }];

function refused(body: unknown): SlipwayError {
  try {
    decode(body);
  } catch (error) {
    assert.ok(error instanceof SlipwayError, String(error));
    return error;
  }
  throw new Error("was not refused");
}

const USUAL = {
  model: "gpt-5-mini",
  messages: [
    { role: "developer", content: "be brief" },
    {
      role: "user",
      content: [
        { type: "text", text: "what is it?" },
        { type: "image_url", image_url: { url: "data:image/png;base64,AAAA", detail: "low" } },
      ],
    },
    {
      role: "assistant",
      content: null,
      refusal: null,
      annotations: [],
      tool_calls: [{ id: "c1", type: "function", function: { name: "look", arguments: "{}" } }],
    },
    { role: "tool", tool_call_id: "c1", content: "a cat" },
  ],
  tools: [
    {
      type: "function",
      function: { name: "look", description: "looks", parameters: { type: "object" }, strict: true },
    },
  ],
  tool_choice: { type: "function", function: { name: "look" } },
  max_completion_tokens: 10,
  max_tokens: 99,
  temperature: 0.5,
  top_p: 1,
  stop: "END",
  seed: -3,
  response_format: { type: "json_schema", json_schema: { name: "n", description: "for", schema: { type: "object" } } },
  stream: true,
  stream_options: { include_usage: true },
  user: "u",
  store: null,
};

test("a choice among some of the tools goes to OpenAI's family as it was sent, and no other takes it unseen", () => {
  const allowed = { mode: "required", tools: [{ type: "function", function: { name: "look" } }] };
  const { request } = decode({ ...USUAL, seed: null, tool_choice: { type: "allowed_tools", allowed_tools: allowed } });
  const chat = createChatCompletionsCodec({
    provider: "openai",
    maxTokensField: "max_completion_tokens",
    returnsReasoning: false,
  });
  const sent = JSON.parse(chat.encode(request).body ?? "") as Record<string, unknown>;
  assert.deepEqual(sent["tool_choice"], { type: "allowed_tools", allowed_tools: allowed });
  assert.throws(() => createMessagesCodec("key").encode(request), { code: "unsupported_field", param: "tool_choice" });
  assert.equal(refused({ ...USUAL, tool_choice: { type: "anything" } }).param, "tool_choice");
});

test("the fields that every provider understands are read", () => {
  const { request, streamUsage } = decode(USUAL);
  assert.equal(streamUsage, true);
  assert.deepEqual(request, {
    model: "gpt-5-mini",
    messages: [
      { role: "system", content: [{ type: "text", text: "be brief" }] },
      {
        role: "user",
        content: [
          { type: "text", text: "what is it?" },
          { type: "image", source: { kind: "base64", mediaType: "image/png", data: "AAAA" }, detail: "low" },
        ],
      },
      { role: "assistant", content: [{ type: "tool_call", id: "c1", name: "look", arguments: "{}" }] },
      {
        role: "tool",
        content: [{ type: "tool_result", toolCallId: "c1", content: [{ type: "text", text: "a cat" }] }],
      },
    ],
    tools: [{ name: "look", description: "looks", parameters: { type: "object" }, strict: true }],
    toolChoice: { name: "look" },
    maxOutputTokens: 10,
    temperature: 0.5,
    topP: 1,
    stop: ["END"],
    seed: -3,
    responseFormat: { type: "json_schema", name: "n", description: "for", schema: { type: "object" } },
    stream: true,
    endUser: "u",
    extra: { family: "openai", fields: { user: "u" } },
  });
});

const BREAKPOINT = { mode: "explicit", ttl: "12h" };
const ANNOTATION = { type: "url_citation", url_citation: { url: "u", title: "t", start_index: 0, end_index: 2 } };

const RICH = {
  model: "m",
  messages: [
    {
      role: "user",
      name: "Zoe",
      content: [
        { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBE" } },
        { type: "file", file: { file_id: "file-1" }, prompt_cache_breakpoint: BREAKPOINT },
        { type: "input_audio", input_audio: { data: "UklG", format: "mp3" } },
        { type: "text", text: "x", cache_control: { type: "ephemeral", ttl: "1h" } },
      ],
    },
    {
      role: "assistant",
      content: "so",
      annotations: [ANNOTATION],
      tool_calls: [
        {
          id: "c",
          function: { name: "t", arguments: "{}" },
          extra_content: { google: { thought_signature: "sig" } },
        },
      ],
    },
    { role: "tool", tool_call_id: "c", name: "t", content: [{ type: "text", text: "r" }] },
  ],
  reasoning_effort: "xhigh",
  presence_penalty: 1,
  frequency_penalty: -1,
  top_k: 5,
  safety_identifier: "s",
  user: "u",
};

test("files, sounds, marks, names, sources and settings of reasoning are read", () => {
  const { request } = decode(RICH);
  assert.deepEqual(request.messages, [
    {
      role: "user",
      name: "Zoe",
      content: [
        { type: "file", source: { kind: "base64", mediaType: "application/pdf", data: "JVBE" }, filename: "a.pdf" },
        {
          type: "file",
          source: { kind: "id", family: "openai", id: "file-1" },
          cache: { extra: { family: "openai", fields: BREAKPOINT } },
        },
        { type: "file", source: { kind: "base64", mediaType: "audio/mpeg", data: "UklG" } },
        { type: "text", text: "x", cache: { ttl: "1h" } },
      ],
    },
    {
      role: "assistant",
      content: [
        {
          type: "text",
          text: "so",
          citations: [
            { url: "u", title: "t", startIndex: 0, endIndex: 2, native: { family: "openai", value: ANNOTATION } },
          ],
        },
        { type: "tool_call", id: "c", name: "t", arguments: "{}", signature: "sig", signedBy: "google" },
      ],
    },
    {
      role: "tool",
      content: [{ type: "tool_result", toolCallId: "c", name: "t", content: [{ type: "text", text: "r" }] }],
    },
  ]);
  const { reasoning, presencePenalty, frequencyPenalty, topK, endUser, extra } = request;
  assert.deepEqual(
    { reasoning, presencePenalty, frequencyPenalty, topK, endUser, extra },
    {
      reasoning: { effort: "xhigh" },
      presencePenalty: 1,
      frequencyPenalty: -1,
      topK: 5,
      endUser: "s",
      extra: { family: "openai", fields: { safety_identifier: "s", user: "u" } },
    },
  );
});

test("metadata.thread_id continues a thread and does not travel on", () => {
  const decoded = decode({ model: "agent/a", messages: MESSAGES, metadata: { thread_id: "thr_1", team: "x" } });
  assert.equal(decoded.threadId, "thr_1");
  assert.deepEqual(decoded.request.extra?.fields, { metadata: { team: "x" } });
});

for (const [name, body, param] of [
  ["a body that is no object", [], "body"],
  ["a missing model", { messages: MESSAGES }, "model"],
  ["no messages", { model: "m", messages: [] }, "messages"],
  ["an unknown role", { model: "m", messages: [{ role: "robot", content: "x" }] }, "messages[0].role"],
  ["a role of Object's own", { model: "m", messages: [{ role: "constructor", content: "x" }] }, "messages[0].role"],
  ["content of a wrong type", { model: "m", messages: [{ role: "user", content: 5 }] }, "messages[0].content"],
  ["an empty assistant message", { model: "m", messages: [{ role: "assistant" }] }, "messages[0].content"],
  ["a temperature out of range", { model: "m", messages: MESSAGES, temperature: 3 }, "temperature"],
  ["max_tokens of 0", { model: "m", messages: MESSAGES, max_tokens: 0 }, "max_tokens"],
  ["an effort that nobody knows", { model: "m", messages: MESSAGES, reasoning_effort: "huge" }, "reasoning_effort"],
  [
    "a file without data",
    { model: "m", messages: [{ role: "user", content: [{ type: "file", file: { file_data: "JVBE" } }] }] },
    "messages[0].content[0].file.file_data",
  ],
  [
    "a data URL without base64",
    { model: "m", messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:x" } }] }] },
    "messages[0].content[0].image_url.url",
  ],
] as const) {
  test(`${name} is invalid and named`, () => {
    const error = refused(body);
    assert.equal(error.code, "invalid_request");
    assert.equal(error.param, param);
  });
}

for (const [body, param] of [
  [{ n: 2 }, "n"],
  [{ logprobs: true }, "logprobs"],
  [{ functions: [] }, "functions"],
  [{ messages: [{ role: "user", content: "x", voice: "low" }] }, "messages[0].voice"],
  [
    { messages: [{ role: "user", content: [{ type: "input_video", input_video: {} }] }] },
    "messages[0].content[0].type",
  ],
] as const) {
  test(`what cannot be carried is refused by name: ${param}`, () => {
    const error = refused({ model: "m", messages: MESSAGES, ...body });
    assert.equal(error.code, "unsupported_field");
    assert.equal(error.param, param);
  });
}

test("whatever JSON comes, it is read or refused with a status of the 400s", () => {
  const field = fc.oneof(fc.jsonValue(), fc.constantFrom("user", "text", "json_schema", "auto"));
  const body = fc.record(
    {
      model: field,
      messages: fc.oneof(
        field,
        fc.array(
          fc.record(
            {
              role: fc.oneof(field, fc.constantFrom("user", "assistant", "tool", "system")),
              content: field,
              tool_calls: field,
            },
            { requiredKeys: [] },
          ),
        ),
      ),
      tools: field,
      tool_choice: field,
      response_format: field,
      stop: field,
      stream_options: field,
      metadata: field,
      max_tokens: field,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(body, fc.jsonValue()), (value) => {
      try {
        decode(value);
      } catch (error) {
        assert.ok(error instanceof SlipwayError && error.status >= 400 && error.status < 500, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
