import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import * as fc from "fast-check";
import { createGenerateContentCodec } from "#providers/google/codec.ts";
import { decode } from "./decode.ts";

const CONTENTS = [{ role: "user", parts: [{ text: "hi" }] }];
const URL = "/v1beta/models/gemini-3-pro:generateContent";

function read(body: unknown, url = URL): ReturnType<typeof decode> {
  return decode(body, { url, headers: {} });
}

function refused(body: unknown): SlipwayError {
  try {
    read(body);
  } catch (error) {
    assert.ok(error instanceof SlipwayError, String(error));
    return error;
  }
  throw new Error("was not refused");
}

/** What Google gets when the same request goes on to it. */
function sentOn(body: unknown): unknown {
  const encoded = createGenerateContentCodec("key").encode(read(body).request);
  return JSON.parse(encoded.body ?? "") as unknown;
}

/** A request with all that Google knows and we have words for, as its documentation writes it. */
const FULL = {
  systemInstruction: { parts: [{ text: "Be brief." }] },
  contents: [
    {
      role: "user",
      parts: [
        { text: "what is it?" },
        { inlineData: { mimeType: "image/png", data: "AAAA" }, mediaResolution: { level: "MEDIA_RESOLUTION_LOW" } },
        { inlineData: { mimeType: "application/pdf", data: "JVBE" } },
        { fileData: { mimeType: "audio/mp3", fileUri: "https://generativelanguage.googleapis.com/v1beta/files/f1" } },
        { fileData: { fileUri: "https://www.youtube.com/watch?v=9hE5" }, videoMetadata: { fps: 2 } },
      ],
    },
    {
      role: "model",
      parts: [
        { text: "Let me look.", thoughtSignature: "c2ln" },
        { functionCall: { id: "a", name: "look", args: { at: 1 } }, thoughtSignature: "c2lnMQ==" },
        { functionCall: { id: "b", name: "now", args: {} } },
        { executableCode: { language: "PYTHON", code: "1" }, thoughtSignature: "c2lnMg==" },
        { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1" } },
      ],
    },
    {
      role: "user",
      parts: [
        { functionResponse: { id: "a", name: "look", response: { seen: ["a cat"] } } },
        {
          functionResponse: {
            id: "b",
            name: "now",
            response: { error: "no clock" },
            parts: [{ inlineData: { mimeType: "image/png", data: "AAAA" } }],
          },
        },
      ],
    },
  ],
  tools: [
    {
      functionDeclarations: [
        {
          name: "look",
          description: "looks",
          parametersJsonSchema: { type: "object", properties: { at: { type: "integer" } } },
        },
        { name: "now", behavior: "NON_BLOCKING", parametersJsonSchema: { type: "object", properties: {} } },
      ],
    },
    { googleSearch: {} },
    { codeExecution: {} },
  ],
  toolConfig: {
    retrievalConfig: { languageCode: "de" },
    functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["look"] },
  },
  generationConfig: {
    maxOutputTokens: 10,
    temperature: 0.5,
    topP: 0.9,
    topK: 40,
    presencePenalty: 0.1,
    frequencyPenalty: -0.1,
    stopSequences: ["END"],
    seed: 7,
    responseMimeType: "application/json",
    responseJsonSchema: { type: "object", properties: { a: { type: "string" } } },
    thinkingConfig: { includeThoughts: true, thinkingLevel: "HIGH" },
    mediaResolution: "MEDIA_RESOLUTION_LOW",
    responseModalities: ["TEXT", "IMAGE"],
    imageConfig: { aspectRatio: "1:1" },
  },
  safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE" }],
  cachedContent: "cachedContents/1",
  labels: { team: "x" },
  serviceTier: "flex",
};

test("a request to Google's own models arrives there as it was sent", () => {
  assert.deepEqual(sentOn(FULL), FULL);
});

test("negative control: a decoder that loses a field is seen", () => {
  for (const field of Object.keys(FULL)) {
    const { [field as "tools"]: _, ...less } = FULL;
    if (field !== "contents") assert.notDeepEqual(sentOn(less), FULL, field);
  }
});

test("fields may come under their original names, with underscores", () => {
  const { request } = read({
    system_instruction: { parts: [{ text: "Be brief." }] },
    contents: [
      {
        role: "user",
        parts: [
          { inline_data: { mime_type: "image/png", data: "AAAA" } },
          { file_data: { mime_type: "application/pdf", file_uri: "https://example.com/a.pdf" } },
        ],
      },
      { role: "model", parts: [{ function_call: { name: "look", args: { some_key: 1 } }, thought_signature: "c2ln" }] },
      { role: "user", parts: [{ function_response: { name: "look", response: { output: "a cat" } } }] },
    ],
    tools: [{ function_declarations: [{ name: "look", parameters: { type: "OBJECT", any_of: [] } }] }],
    tool_config: { function_calling_config: { mode: "ANY", allowed_function_names: ["look"] } },
    generation_config: {
      max_output_tokens: 5,
      stop_sequences: ["END"],
      thinking_config: { include_thoughts: false, thinking_budget: -1 },
    },
    safety_settings: [],
  });
  assert.deepEqual(request, {
    model: "gemini-3-pro",
    messages: [
      { role: "system", content: [{ type: "text", text: "Be brief." }] },
      {
        role: "user",
        content: [
          { type: "image", source: { kind: "base64", mediaType: "image/png", data: "AAAA" } },
          {
            type: "file",
            source: { kind: "url", url: "https://example.com/a.pdf", mediaType: "application/pdf" },
          },
        ],
      },
      {
        role: "assistant",
        content: [
          {
            type: "tool_call",
            id: "call_1",
            name: "look",
            arguments: '{"some_key":1}',
            signature: "c2ln",
            signedBy: "google",
          },
        ],
      },
      {
        role: "tool",
        content: [
          { type: "tool_result", toolCallId: "call_1", name: "look", content: [{ type: "text", text: "a cat" }] },
        ],
      },
    ],
    tools: [{ name: "look", parameters: { type: "object", anyOf: [] } }],
    toolChoice: { name: "look" },
    maxOutputTokens: 5,
    stop: ["END"],
    reasoning: { show: false, adaptive: true, budgetOf: "google" },
    stream: false,
    extra: { family: "google", fields: { safetySettings: [] } },
  });
});

test("Google's schemas become JSON Schema", () => {
  const parameters = {
    type: "OBJECT",
    properties: {
      type: { type: "STRING", nullable: true, enum: ["a", "b"], format: "enum" },
      list: { type: "ARRAY", items: { type: "INTEGER", format: "int32" }, minItems: "1", example: [1] },
    },
    required: ["type"],
    propertyOrdering: ["type", "list"],
  };
  const { request } = read({ contents: CONTENTS, tools: [{ functionDeclarations: [{ name: "t", parameters }] }] });
  assert.deepEqual(request.tools[0]?.parameters, {
    type: "object",
    properties: {
      type: { type: ["string", "null"], enum: ["a", "b", null] },
      list: { type: "array", items: { type: "integer", format: "int32" }, minItems: 1, examples: [[1]] },
    },
    required: ["type"],
    propertyOrdering: ["type", "list"],
  });
});

test("calls and results without ids find each other, in the order of the calls", () => {
  const call = (name: string): unknown => ({ functionCall: { name, args: {} } });
  const result = (name: string): unknown => ({ functionResponse: { name, response: { output: name } } });
  const { request } = read({
    contents: [
      ...CONTENTS,
      { role: "model", parts: [call("a"), call("b"), call("a")] },
      { role: "user", parts: [result("a"), result("a"), result("b"), { text: "go on" }] },
    ],
  });
  const ids = request.messages.flatMap(({ content }) =>
    content.flatMap((part) =>
      part.type === "tool_call" ? part.id : part.type === "tool_result" ? part.toolCallId : [],
    ),
  );
  assert.deepEqual(ids, ["call_1", "call_2", "call_3", "call_1", "call_3", "call_2"]);
  assert.deepEqual(
    request.messages.map(({ role }) => role),
    ["user", "assistant", "tool", "user"],
  );
});

test("an answer that a client kept in the pieces it was streamed in is one message again", () => {
  const { request } = read({
    contents: [
      ...CONTENTS,
      { role: "model", parts: [{ text: "Let me ", thought: true }] },
      { role: "model", parts: [{ text: "think.", thought: true }] },
      { role: "model", parts: [{ text: "Hel" }] },
      { role: "model", parts: [{ text: "lo" }, { text: "" }] },
      ...CONTENTS,
    ],
  });
  assert.deepEqual(request.messages[1], {
    role: "assistant",
    content: [
      { type: "reasoning", text: "Let me think." },
      { type: "text", text: "Hello" },
    ],
  });
});

test("the path says model, method and framing", () => {
  const target = (url: string): unknown => {
    const { request, framing } = read({ contents: CONTENTS }, url);
    return [request.model, request.stream, framing];
  };
  assert.deepEqual(target("/v1beta/models/gemini-3-pro:streamGenerateContent?key=k&alt=sse"), [
    "gemini-3-pro",
    true,
    "sse",
  ]);
  assert.deepEqual(target("/v1/models/gemini-3-pro:streamGenerateContent?alt=json"), ["gemini-3-pro", true, "array"]);
  assert.deepEqual(target("/v1beta/models/agent%2Fconcierge:generateContent"), ["agent/concierge", false, "array"]);
  assert.deepEqual(target("/v1beta/models/openai-compatible/llama3.2:latest:generateContent"), [
    "openai-compatible/llama3.2:latest",
    false,
    "array",
  ]);
  assert.deepEqual(target("/v1beta/openai/gpt-5:generateContent"), ["openai/gpt-5", false, "array"]);
  assert.deepEqual(target("/v1beta/tunedModels/mine:generateContent"), ["tunedModels/mine", false, "array"]);
  assert.throws(() => target("/v1beta/models/%E0%A4%A:generateContent"), { code: "model_not_found" });
});

test("labels.thread_id continues a thread and does not travel on", () => {
  const decoded = read({ contents: CONTENTS, labels: { thread_id: "thr_1", team: "x" } });
  assert.equal(decoded.threadId, "thr_1");
  assert.deepEqual(decoded.request.extra?.fields, { labels: { team: "x" } });
});

for (const [name, body, param] of [
  ["a body that is no object", [], "body"],
  ["missing contents", {}, "contents"],
  ["no contents", { contents: [] }, "contents"],
  ["an unknown role", { contents: [{ role: "system", parts: [{ text: "x" }] }] }, "contents[0].role"],
  ["a user without parts", { contents: [{ role: "user", parts: [] }] }, "contents[0].parts"],
  ["an empty part", { contents: [{ parts: [{}] }] }, "contents[0].parts[0]"],
  ["text of a wrong type", { contents: [{ parts: [{ text: 5 }] }] }, "contents[0].parts[0].text"],
  ["data without a type", { contents: [{ parts: [{ inlineData: {} }] }] }, "contents[0].parts[0].inlineData.mimeType"],
  [
    "a temperature out of range",
    { contents: CONTENTS, generationConfig: { temperature: 3 } },
    "generationConfig.temperature",
  ],
  [
    "a field under both of its names",
    { contents: CONTENTS, generationConfig: { topK: 1, top_k: 2 } },
    "generationConfig.topK",
  ],
  [
    "a tool without a name",
    { contents: CONTENTS, tools: [{ functionDeclarations: [{}] }] },
    "tools[0].functionDeclarations[0].name",
  ],
] as const) {
  test(`${name} is invalid and named`, () => {
    const error = refused(body);
    assert.equal(error.code, "invalid_request");
    assert.equal(error.param, param);
  });
}

for (const [config, param] of [
  [{ candidateCount: 2 }, "generationConfig.candidateCount"],
  [{ responseLogprobs: true }, "generationConfig.responseLogprobs"],
] as const) {
  test(`what cannot be carried is refused by name: ${param}`, () => {
    const error = refused({ contents: CONTENTS, generationConfig: config });
    assert.equal(error.code, "unsupported_field");
    assert.equal(error.param, param);
  });
}

test("whatever JSON comes, it is read or refused with a status of the 400s", () => {
  const field = fc.oneof(fc.jsonValue(), fc.constantFrom("user", "model", "AUTO", "application/json"));
  const part = fc.record(
    {
      text: field,
      thought: field,
      thoughtSignature: field,
      inlineData: fc.oneof(field, fc.record({ mimeType: field, data: field })),
      functionCall: fc.oneof(field, fc.record({ name: field, args: field })),
      functionResponse: fc.oneof(field, fc.record({ name: field, response: field, parts: fc.array(field) })),
    },
    { requiredKeys: [] },
  );
  const content = fc.record(
    { role: field, parts: fc.oneof(field, fc.array(fc.oneof(part, field))) },
    { requiredKeys: [] },
  );
  const body = fc.record(
    {
      contents: fc.oneof(field, fc.array(content)),
      systemInstruction: fc.oneof(field, content),
      tools: fc.oneof(field, fc.array(fc.record({ functionDeclarations: fc.array(field) }))),
      toolConfig: fc.oneof(field, fc.record({ functionCallingConfig: field })),
      generationConfig: fc.oneof(
        field,
        fc.record({ responseSchema: field, thinkingConfig: field, stopSequences: field }),
      ),
      labels: field,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(body, fc.jsonValue()), (value) => {
      try {
        read(value);
      } catch (error) {
        assert.ok(error instanceof SlipwayError && error.status >= 400 && error.status < 500, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
