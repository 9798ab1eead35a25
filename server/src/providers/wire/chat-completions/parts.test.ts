import assert from "node:assert/strict";
import { test } from "node:test";
import { foldEvents } from "@slipway/contracts/model/fold.ts";
import type { ModelRequest, Part, ToolResultPart } from "@slipway/contracts/model/request.ts";
import { createChatCompletionsCodec } from "./codec.ts";

const openai = createChatCompletionsCodec({
  provider: "openai",
  maxTokensField: "max_completion_tokens",
  returnsReasoning: false,
  endUserField: "safety_identifier",
});
const gateway = createChatCompletionsCodec({
  provider: "gateway",
  maxTokensField: "max_tokens",
  returnsReasoning: true,
  takesTopK: true,
  takesCacheControl: true,
});

function encode(request: Partial<ModelRequest>, codec = openai): Record<string, unknown> {
  const { body } = codec.encode({ model: "m", messages: [], tools: [], stream: false, ...request });
  return JSON.parse(body ?? "") as Record<string, unknown>;
}

function said(...content: Part[]): unknown {
  return (encode({ messages: [{ role: "user", content }] })["messages"] as { content: unknown }[])[0]?.content;
}

const refuses = (param: string) => ({ code: "unsupported_field", param });
const at = "messages[0].content[0]";

test("files go as OpenAI takes them: data, uploads, sounds, and text as text", () => {
  assert.deepEqual(
    said(
      { type: "file", source: { kind: "base64", mediaType: "application/pdf", data: "JVBE" }, filename: "a.pdf" },
      { type: "file", source: { kind: "id", family: "openai", id: "file-1" } },
      { type: "file", source: { kind: "base64", mediaType: "audio/mpeg", data: "UklG" } },
      { type: "file", source: { kind: "text", text: "words" }, title: 'The "T"' },
    ),
    [
      { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBE" } },
      { type: "file", file: { file_id: "file-1" } },
      { type: "input_audio", input_audio: { data: "UklG", format: "mp3" } },
      { type: "text", text: '<document title="The \\"T\\"">\nwords\n</document>' },
    ],
  );
  const url = { kind: "url", url: "https://example.com/a.pdf" } as const;
  assert.throws(() => said({ type: "file", source: url }), refuses(`${at}.source`));
  assert.throws(
    () => said({ type: "file", source: { kind: "id", family: "google", id: "f" } }),
    refuses(`${at}.source`),
  );
  const cited = { type: "file", source: { kind: "text", text: "w" }, citable: true } as const;
  assert.throws(() => said(cited), refuses(`${at}.citable`));
});

test("images of tool results follow all results as what the user shows, for a tool's message holds text only", () => {
  const image = { type: "image", source: { kind: "url", url: "https://example.com/a.png" } } as const;
  const result = (toolCallId: string, content: ToolResultPart["content"]): Part => ({
    type: "tool_result",
    toolCallId,
    content,
  });
  const { messages } = encode({
    messages: [
      { role: "tool", content: [result("a", [{ type: "text", text: "one" }, image]), result("b", [image])] },
      { role: "tool", content: [result("c", [{ type: "text", text: "three" }])] },
      { role: "user", content: [{ type: "text", text: "and?" }] },
    ],
  });
  const shown = { type: "image_url", image_url: { url: "https://example.com/a.png" } };
  assert.deepEqual(messages, [
    { role: "tool", tool_call_id: "a", content: "one" },
    { role: "tool", tool_call_id: "b", content: "What the tool gave follows in the next message." },
    { role: "tool", tool_call_id: "c", content: "three" },
    {
      role: "user",
      content: [
        { type: "text", text: "The tool call a also gave:" },
        shown,
        { type: "text", text: "The tool call b also gave:" },
        shown,
      ],
    },
    { role: "user", content: "and?" },
  ]);
});

test("cache marks reach upstreams that know them, and no others", () => {
  const marked: Partial<ModelRequest> = {
    messages: [
      { role: "system", content: [{ type: "text", text: "s", cache: { ttl: "1h" } }] },
      {
        role: "user",
        content: [{ type: "text", text: "u", cache: { extra: { family: "openai", fields: { mode: "explicit" } } } }],
      },
    ],
    tools: [{ name: "t", parameters: {}, cache: {} }],
  };
  assert.deepEqual(encode(marked)["messages"], [
    { role: "system", content: "s" },
    { role: "user", content: [{ type: "text", text: "u", prompt_cache_breakpoint: { mode: "explicit" } }] },
  ]);
  assert.doesNotMatch(JSON.stringify(encode(marked)), /cache_control/);
  assert.deepEqual(encode(marked, gateway)["messages"], [
    { role: "system", content: [{ type: "text", text: "s", cache_control: { type: "ephemeral", ttl: "1h" } }] },
    { role: "user", content: [{ type: "text", text: "u", cache_control: { type: "ephemeral" } }] },
  ]);
  assert.match(JSON.stringify(encode(marked, gateway)["tools"]), /"cache_control":\{"type":"ephemeral"\}/);
});

test("settings go by OpenAI's names, and what it has no setting for is refused", () => {
  const body = encode({ presencePenalty: 1, frequencyPenalty: 0, reasoning: { effort: "minimal" }, endUser: "u" });
  assert.deepEqual(
    [body["presence_penalty"], body["frequency_penalty"], body["reasoning_effort"], body["safety_identifier"]],
    [1, 0, "minimal", "u"],
  );
  const effort = (reasoning: ModelRequest["reasoning"]): unknown =>
    encode(reasoning ? { reasoning } : {})["reasoning_effort"];
  assert.deepEqual(
    [undefined, 0, 1024, 8000, 30_000].map((budgetTokens) =>
      effort(budgetTokens === undefined ? { adaptive: true } : { budgetTokens }),
    ),
    [undefined, undefined, "low", "medium", "high"],
  );
  assert.throws(() => encode({ topK: 5 }), refuses("topK"));
  assert.equal(encode({ topK: 5 }, gateway)["top_k"], 5);
  const native = { family: "anthropic", path: "tools[2]", value: { type: "web_search_20250305" } } as const;
  assert.throws(() => encode({ nativeTools: [native] }), refuses("tools[2]"));
  const block = { type: "native", family: "anthropic", value: { type: "search_result" } } as const;
  assert.throws(() => encode({ messages: [{ role: "user", content: [block] }] }), refuses(at));
});

test("an id of the end user's that is too long for OpenAI goes as its hash, and never twice", () => {
  const long = encode({ endUser: "user_".repeat(30) })["safety_identifier"];
  assert.match(String(long), /^[0-9a-f]{64}$/);
  assert.equal(encode({ endUser: "user_".repeat(30) })["safety_identifier"], long);
  const extra = { family: "openai", fields: { user: "own" } } as const;
  const body = encode({ endUser: "own", extra });
  assert.deepEqual([body["user"], body["safety_identifier"]], ["own", undefined]);
});

test("fields of the Responses API travel where they mean the same, and are refused where they mean nothing", () => {
  const ask = (fields: Record<string, unknown>): Record<string, unknown> =>
    encode({ format: "openai-responses", extra: { family: "openai", fields } });
  const { metadata, verbosity, text } = ask({
    metadata: { a: "b" },
    text: { verbosity: "low" },
    truncation: "disabled",
  });
  assert.deepEqual([metadata, verbosity, text], [{ a: "b" }, "low", undefined]);
  for (const [field, value] of Object.entries({
    truncation: "auto",
    max_tool_calls: 3,
    prompt: { id: "p" },
    background: true,
  }))
    assert.throws(() => ask({ [field]: value }), refuses(field));
});

test("annotations are citations and Google's signatures stay with their calls", () => {
  const annotation = { type: "url_citation", url_citation: { url: "u", title: "t", start_index: 0, end_index: 2 } };
  const call = {
    id: "c",
    type: "function",
    function: { name: "t", arguments: "{}" },
    extra_content: { google: { thought_signature: "sig" } },
  };
  const message = { role: "assistant", content: "so", annotations: [annotation], tool_calls: [call] };
  const answer = foldEvents(
    openai.decodeAnswer(JSON.stringify({ id: "1", choices: [{ index: 0, message, finish_reason: "tool_calls" }] })),
  );
  assert.deepEqual(answer.content, [
    {
      type: "text",
      text: "so",
      citations: [
        { url: "u", title: "t", startIndex: 0, endIndex: 2, native: { family: "openai", value: annotation } },
      ],
    },
    { type: "tool_call", id: "c", name: "t", arguments: "{}", signature: "sig", signedBy: "google" },
  ]);
  const sent = encode({ messages: [{ role: "assistant", content: answer.content }] });
  assert.deepEqual((sent["messages"] as { tool_calls: unknown }[])[0]?.tool_calls, [call]);
});
