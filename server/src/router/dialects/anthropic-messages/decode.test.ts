import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import * as fc from "fast-check";
import { createMessagesCodec } from "#providers/anthropic/codec.ts";
import { createChatCompletionsCodec } from "#providers/wire/chat-completions/codec.ts";
import { HEAD } from "../testing.ts";
import { decode } from "./decode.ts";

const anthropic = createMessagesCodec("key");
const openai = createChatCompletionsCodec({
  provider: "openai",
  maxTokensField: "max_completion_tokens",
  returnsReasoning: false,
});

const MESSAGES = [{ role: "user", content: "hi" }];
const LEAST = { model: "m", max_tokens: 9, messages: MESSAGES };

/** What Anthropic is sent of a body that came in its own dialect. */
function passed(body: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(anthropic.encode(decode(body, HEAD).request).body ?? "") as Record<string, unknown>;
}

/** What any other upstream makes of it. */
function toOpenAi(body: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(openai.encode(decode(body, HEAD).request).body ?? "") as Record<string, unknown>;
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

const ephemeral = { type: "ephemeral" };
const hour = { type: "ephemeral", ttl: "1h" };

/** Everything that a coding agent sends: marks, files, thinking, tools of the vendor's, fields of its betas. */
const FULL = {
  model: "claude-x",
  max_tokens: 4096,
  system: [
    { type: "text", text: "You are careful." },
    { type: "text", text: "The house rules.", cache_control: hour },
  ],
  messages: [
    {
      role: "user",
      content: [
        { type: "text", text: "Read these.", cache_control: ephemeral },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } },
        { type: "image", source: { type: "url", url: "https://example.com/a.png" }, cache_control: ephemeral },
        { type: "image", source: { type: "file", file_id: "file_1" } },
        {
          type: "document",
          source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" },
          title: "A",
          citations: { enabled: true },
        },
        { type: "document", source: { type: "text", media_type: "text/plain", data: "words" }, context: "an aside" },
        { type: "document", source: { type: "url", url: "https://example.com/a.pdf" } },
        { type: "document", source: { type: "content", content: [{ type: "text", text: "in pieces" }] } },
        { type: "search_result", source: "https://example.com", title: "T", content: [{ type: "text", text: "x" }] },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "Hm.", signature: "c2ln" },
        { type: "redacted_thinking", data: "blob" },
        {
          type: "text",
          text: "So it is.",
          citations: [
            {
              type: "char_location",
              cited_text: "words",
              document_index: 1,
              document_title: null,
              start_char_index: 0,
              end_char_index: 5,
            },
          ],
        },
        { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "q" } },
        { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] },
        {
          type: "tool_use",
          id: "toolu_1",
          name: "look",
          input: { where: "für Zoë", deep: [1, { a: null }] },
          cache_control: ephemeral,
        },
        {
          type: "tool_use",
          id: "toolu_2",
          name: "run",
          input: {},
          caller: { type: "code_execution_20260120", tool_id: "srvtoolu_2" },
        },
      ],
    },
    {
      role: "user",
      content: [
        {
          type: "tool_result",
          tool_use_id: "toolu_1",
          content: [
            { type: "text", text: "a picture" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } },
            { type: "tool_reference", tool_name: "other" },
          ],
          cache_control: ephemeral,
        },
        { type: "tool_result", tool_use_id: "toolu_2", content: "no", is_error: true },
        { type: "text", text: "And now?" },
      ],
    },
    { role: "system", content: [{ type: "text", text: "Mind the time." }] },
  ],
  tools: [
    {
      name: "look",
      description: "Looks.",
      input_schema: { type: "object", properties: { where: { type: "string" } } },
      strict: true,
      cache_control: ephemeral,
      input_examples: [{ where: "here" }],
      defer_loading: true,
    },
    { name: "run", input_schema: { type: "object" } },
    { type: "web_search_20250305", name: "web_search", max_uses: 3 },
  ],
  tool_choice: { type: "any", disable_parallel_tool_use: true },
  temperature: 1,
  top_p: 0.9,
  top_k: 40,
  stop_sequences: ["END"],
  thinking: { type: "enabled", budget_tokens: 2000, display: "summarized" },
  output_config: { effort: "high", format: { type: "json_schema", schema: { type: "object" } } },
  metadata: { user_id: "u-1" },
  service_tier: "standard_only",
  context_management: { edits: [{ type: "clear_tool_uses_20250919" }] },
  container: "ctr_1",
  a_field_of_tomorrow: { deep: true },
  stream: true,
};

test("a request to Anthropic's own models arrives there as it was sent", () => {
  assert.deepEqual(passed(FULL), FULL);
});

test("ways of thinking, too, arrive as they were sent", () => {
  for (const fields of [
    { thinking: { type: "adaptive" } },
    { thinking: { type: "adaptive", display: "omitted" }, output_config: { effort: "max" } },
    { thinking: { type: "disabled" } },
    { thinking: { type: "between_tools" } },
    { thinking: { type: "enabled", budget_tokens: 2048, a_new_one: 1 } },
    { output_config: { effort: "low" } },
    { output_config: { effort: "a-new-one" } },
    { output_config: { format: { type: "a_new_one" } } },
  ]) {
    assert.deepEqual(passed({ ...LEAST, ...fields }), {
      ...LEAST,
      messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
      ...fields,
    });
  }
});

test("a header that could not be sent on is refused, and not taken for a failure of the vendor's", () => {
  for (const name of ["anthropic-beta", "anthropic-version"]) {
    for (const value of ["caf\u00e9", "a\u0000b"]) {
      assert.throws(() => decode(LEAST, { headers: { [name]: value } }), { code: "invalid_request", param: name });
    }
  }
});

test("any block, known or not, arrives as it was sent", () => {
  // Through text, because JSON has no -0.
  const json = fc
    .jsonValue({ maxDepth: 2 })
    .map((value) => JSON.parse(JSON.stringify(value)) as unknown)
    .filter((value) => value !== null && value !== "");
  const name = fc.stringMatching(/^[a-z_]{1,12}$/);
  const blocks: readonly object[] = FULL.messages[1]?.content ?? [];
  const known = fc.constantFrom(...blocks);
  const grown = fc
    .tuple(known, fc.dictionary(name, json, { maxKeys: 2 }))
    .map(([block, more]) => ({ ...more, ...block }));
  const strange = fc
    .tuple(name, fc.dictionary(name, json, { maxKeys: 3 }))
    .map(([type, more]) => ({ ...more, type: `x_${type}` }));
  fc.assert(
    fc.property(fc.array(fc.oneof(grown, strange), { minLength: 1, maxLength: 4 }), (content) => {
      const body = passed({ ...LEAST, messages: [...MESSAGES, { role: "assistant", content }] });
      assert.deepEqual((body["messages"] as { content: unknown }[])[1]?.content, content);
    }),
    { numRuns: 500 },
  );
});

test("who called a tool arrives as it was sent, where that is said in no way that is known", () => {
  const block = { type: "tool_use", id: "toolu_1", name: "look", input: {} };
  const sent = (caller: unknown): unknown => {
    const body = passed({ ...LEAST, messages: [...MESSAGES, { role: "assistant", content: [{ ...block, caller }] }] });
    return (body["messages"] as { content: unknown[] }[])[1]?.content[0];
  };
  for (const caller of [[], "direct", 0, { type: "direct", tool_id: "t" }])
    assert.deepEqual(sent(caller), { ...block, caller });
  // What goes without saying.
  for (const caller of [{ type: "direct" }, null]) assert.deepEqual(sent(caller), block);
});

test("the headers of Anthropic's API go to Anthropic", () => {
  const { request } = decode(LEAST, {
    url: "/v1/messages?beta=true",
    headers: { "anthropic-version": "2027-01-01", "anthropic-beta": "a-1,b-2" },
  });
  const { headers } = anthropic.encode(request);
  const pairs = Object.fromEntries(
    headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]]] : [])),
  ) as Record<string, string>;
  assert.equal(pairs["anthropic-version"], "2027-01-01");
  assert.equal(pairs["anthropic-beta"], "a-1,b-2");
  assert.equal(headers.filter((name) => name === "anthropic-version").length, 1);
  // The version that is spoken anyway, and betas whose fields are not used, stop nobody from answering.
  const usual = decode(LEAST, { headers: { "anthropic-version": "2023-06-01", "anthropic-beta": "a-1" } });
  assert.doesNotThrow(() => openai.encode(usual.request));
});

test("what changes an answer and cannot be carried elsewhere is refused by name", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ container: "c" }, "container"],
    [{ a_field_of_tomorrow: 1 }, "a_field_of_tomorrow"],
    [{ context_management: { edits: [{ type: "clear_tool_uses_20250919" }] } }, "context_management"],
    [{ thinking: { type: "between_tools" } }, "thinking"],
    [{ tools: [{ type: "web_search_20250305", name: "web_search" }] }, "tools[0]"],
    [{ tools: [{ name: "t", input_schema: { type: "object" }, defer_loading: true }] }, "tools[0].defer_loading"],
    [{ messages: [{ role: "user", content: [{ type: "search_result" }] }] }, "messages[0].content[0]"],
  ];
  for (const [fields, param] of cases) {
    const error = refusal(() => toOpenAi({ ...LEAST, ...fields }));
    assert.deepEqual([error.code, error.param], ["unsupported_field", param]);
  }
});

test("hints are left out elsewhere without an error", () => {
  const body = toOpenAi({
    ...LEAST,
    system: [{ type: "text", text: "s", cache_control: hour }],
    messages: [
      { role: "user", content: [{ type: "text", text: "hi", cache_control: { ...ephemeral, scope: "global" } }] },
    ],
    cache_control: ephemeral,
    metadata: { user_id: "u", other: 1 },
    service_tier: "auto",
    speed: "standard",
    context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
    tools: [
      {
        name: "t",
        input_schema: { type: "object" },
        eager_input_streaming: true,
        cache_control: hour,
        allowed_callers: ["direct"],
      },
    ],
  });
  assert.doesNotMatch(JSON.stringify(body), /cache_control|eager|service_tier|speed|clear_thinking/);
});

test("signatures of other vendors travel through the client and find their way back", () => {
  const { request } = decode(
    {
      ...LEAST,
      messages: [
        ...MESSAGES,
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "a", signature: "slipway:openai:rs_1" },
            { type: "thinking", thinking: "b", signature: "" },
            { type: "redacted_thinking", data: "slipway:google:blob" },
            { type: "redacted_thinking", data: "slipway-call:google:sig" },
            { type: "tool_use", id: "c", name: "t", input: {} },
          ],
        },
      ],
    },
    HEAD,
  );
  assert.deepEqual(request.messages[1]?.content, [
    { type: "reasoning", text: "a", signature: "rs_1", signedBy: "openai" },
    { type: "reasoning", text: "b" },
    { type: "reasoning", text: "", signature: "blob", signedBy: "google" },
    { type: "tool_call", id: "c", name: "t", arguments: "{}", signature: "sig", signedBy: "google" },
  ]);
});

test("what is wrong is named", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ model: undefined }, "model"],
    [{ messages: [] }, "messages"],
    [{ messages: [{ role: "tool", content: "x" }] }, "messages[0].role"],
    [{ messages: [{ role: "user", content: [{ text: "x" }] }] }, "messages[0].content[0].type"],
    [{ messages: [{ role: "user", content: [{ type: "text", text: 1 }] }] }, "messages[0].content[0].text"],
    [
      { messages: [{ role: "user", content: [{ type: "tool_result", content: "x" }] }] },
      "messages[0].content[0].tool_use_id",
    ],
    [
      { messages: [{ role: "assistant", content: [{ type: "tool_use", id: "a", name: "b", input: "c" }] }] },
      "messages[0].content[0].input",
    ],
    [{ max_tokens: -1 }, "max_tokens"],
    [{ temperature: 2 }, "temperature"],
    [{ tool_choice: { type: "some" } }, "tool_choice.type"],
    [{ tools: [{ name: "x" }] }, "tools[0].input_schema"],
    [{ thinking: { type: "enabled" } }, "thinking.budget_tokens"],
    [{ stop_sequences: "END" }, "stop_sequences"],
  ];
  for (const [fields, param] of cases) {
    const error = refusal(() => decode({ ...LEAST, ...fields }, HEAD));
    assert.deepEqual([error.code, error.param], ["invalid_request", param]);
  }
});

test("whatever is sent, the answer is a request or one of our errors", () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const keys = fc.constantFrom(...Object.keys(FULL), "type", "content", "source");
  fc.assert(
    fc.property(fc.oneof(value, fc.dictionary(keys, fc.oneof(value, fc.array(fc.dictionary(keys, value))))), (body) => {
      try {
        decode(body, HEAD);
      } catch (error) {
        assert.ok(error instanceof SlipwayError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});
