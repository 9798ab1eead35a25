import assert from "node:assert/strict";
import { test } from "node:test";
import { answerMessage, foldEvents } from "@slipway/contracts/model/fold.ts";
import type { Message, ModelRequest, Part } from "@slipway/contracts/model/request.ts";
import { createGenerateContentCodec } from "./codec.ts";

const codec = createGenerateContentCodec("key");
const HELLO: Message = { role: "user", content: [{ type: "text", text: "Hello" }] };
const TOOL = { name: "t", parameters: { type: "object" } };

function encode(request: Partial<ModelRequest>): Record<string, unknown> {
  const { body } = codec.encode({ model: "gemini-3-pro", messages: [HELLO], tools: [], stream: false, ...request });
  return JSON.parse(body ?? "") as Record<string, unknown>;
}

function whole(candidate: Record<string, unknown>, more: Record<string, unknown> = {}): ReturnType<typeof foldEvents> {
  return foldEvents(
    codec.decodeAnswer(JSON.stringify({ candidates: [{ finishReason: "STOP", ...candidate }], ...more })),
  );
}

function contentsOf(messages: readonly Message[], model = "gemini-3-pro"): unknown {
  return encode({ messages, model })["contents"];
}

test("a model's name becomes a path that cannot lead elsewhere", () => {
  const path = (model: string, stream = false): string =>
    codec.encode({ model, messages: [HELLO], tools: [], stream }).path;
  assert.equal(path("gemini-2.5-flash"), "/v1beta/models/gemini-2.5-flash:generateContent");
  assert.equal(path("models/gemini-2.5-flash", true), "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
  assert.equal(path("tunedModels/mine"), "/v1beta/tunedModels/mine:generateContent");
  assert.equal(path("a b?c#d"), "/v1beta/models/a%20b%3Fc%23d:generateContent");
  for (const model of ["", "..", "models/", "models/..", "a/../b", "files/x", "\ud800"]) {
    assert.throws(() => path(model), { code: "model_not_found" }, model);
  }
});

test("tool choice and strict tools are said in Gemini's words", () => {
  const mode = (request: Partial<ModelRequest>): unknown =>
    (encode({ tools: [TOOL], ...request })["toolConfig"] as Record<string, unknown> | undefined)?.[
      "functionCallingConfig"
    ];
  assert.equal(mode({}), undefined);
  assert.deepEqual(mode({ toolChoice: "auto" }), { mode: "AUTO" });
  assert.deepEqual(mode({ toolChoice: "none" }), { mode: "NONE" });
  assert.deepEqual(mode({ toolChoice: "required" }), { mode: "ANY" });
  assert.deepEqual(mode({ toolChoice: { name: "t" } }), { mode: "ANY", allowedFunctionNames: ["t"] });
  assert.deepEqual(mode({ tools: [{ ...TOOL, strict: true }] }), { mode: "VALIDATED" });
});

test("the client's own settings travel beside ours, within the same objects", () => {
  const fields = {
    generationConfig: { topK: 40, temperature: 1 },
    toolConfig: { retrievalConfig: { languageCode: "de" } },
    safetySettings: [],
  };
  const body = encode({ tools: [TOOL], toolChoice: "auto", temperature: 0, extra: { family: "google", fields } });
  assert.deepEqual(body["generationConfig"], { topK: 40, temperature: 0 });
  assert.deepEqual(body["toolConfig"], {
    retrievalConfig: { languageCode: "de" },
    functionCallingConfig: { mode: "AUTO" },
  });
  assert.deepEqual(body["safetySettings"], []);
});

test("what Google cannot carry is refused by name", () => {
  assert.throws(() => encode({ parallelToolCalls: false }), { code: "unsupported_field", param: "parallelToolCalls" });
  for (const generationConfig of [
    { candidateCount: 2 },
    { responseModalities: ["IMAGE"] },
    { responseLogprobs: true },
  ]) {
    const [name] = Object.keys(generationConfig);
    assert.throws(() => encode({ extra: { family: "google", fields: { generationConfig } } }), {
      code: "unsupported_field",
      param: `generationConfig.${name}`,
    });
  }
  const image = (url: string, detail?: string): Part => ({
    type: "image",
    source: { kind: "url", url },
    ...(detail ? { detail } : {}),
  });
  const send = (part: Part): unknown => contentsOf([{ role: "user", content: [part] }]);
  assert.throws(() => send(image("https://example.com/image?id=3")), {
    code: "unsupported_field",
    param: "messages[0].content[0].source.url",
  });
  assert.throws(() => send(image("https://example.com/a.png", "original")), {
    code: "unsupported_field",
    param: "messages[0].content[0].detail",
  });
  assert.deepEqual(send(image("https://example.com/a.JPG?x=1", "low")), [
    {
      role: "user",
      parts: [
        {
          fileData: { fileUri: "https://example.com/a.JPG?x=1", mimeType: "image/jpeg" },
          mediaResolution: { level: "MEDIA_RESOLUTION_LOW" },
        },
      ],
    },
  ]);
  assert.throws(() => contentsOf([HELLO, { role: "system", content: [{ type: "text", text: "later" }] }]), {
    code: "unsupported_field",
    param: "messages[1]",
  });
  assert.throws(
    () => contentsOf([HELLO, { role: "tool", content: [{ type: "tool_result", toolCallId: "?", text: "r" }] }]),
    {
      code: "invalid_request",
      param: "messages[1].content[0].toolCallId",
    },
  );
});

test("signatures go back with the part that they came with", () => {
  const parts = [
    { text: "thought", thought: true },
    { text: "I will look.", thoughtSignature: "s0" },
    { functionCall: { id: "a", name: "t", args: { x: 1 } }, thoughtSignature: "s1" },
    { functionCall: { id: "b", name: "t", args: {} } },
  ];
  const answer = whole({ content: { parts } });
  assert.equal(answer.reasoning, "thought");
  assert.deepEqual(contentsOf([HELLO, answerMessage(answer)]), [
    { role: "user", parts: [{ text: "Hello" }] },
    { role: "model", parts: parts.slice(1) },
  ]);
  const last = whole({ content: { parts: [{ text: "Hi." }, { text: "", thoughtSignature: "s2" }] } });
  assert.deepEqual(contentsOf([HELLO, answerMessage(last)]), [
    { role: "user", parts: [{ text: "Hello" }] },
    { role: "model", parts: [{ text: "Hi." }, { text: "", thoughtSignature: "s2" }] },
  ]);
});

test("calls of other models get the signature that Gemini 3 takes for those, and other vendors' signatures stay here", () => {
  const foreign: Message = {
    role: "assistant",
    content: [
      { type: "reasoning", text: "r", signature: "theirs", signedBy: "anthropic" },
      { type: "tool_call", id: "a", name: "t", arguments: "{}" },
    ],
  };
  const call = { functionCall: { id: "a", name: "t", args: {} } };
  const parts = (model: string): unknown => (contentsOf([HELLO, foreign], model) as { parts: unknown }[])[1]?.parts;
  assert.deepEqual(parts("gemini-3-pro"), [{ ...call, thoughtSignature: "skip_thought_signature_validator" }]);
  assert.deepEqual(parts("gemini-flash-latest"), [{ ...call, thoughtSignature: "skip_thought_signature_validator" }]);
  assert.deepEqual(parts("gemini-2.5-flash"), [call]);
});

test("the results of parallel calls are one content, and a user's words after them another", () => {
  const result = (id: string): Message => ({
    role: "tool",
    content: [{ type: "tool_result", toolCallId: id, name: "t", text: id }],
  });
  const contents = contentsOf([HELLO, result("a"), result("b"), HELLO]) as { parts: unknown[] }[];
  assert.deepEqual(
    contents.map(({ parts }) => parts.length),
    [1, 2, 1],
  );
});

test("every finish reason has one of ours, and those of a failed model are errors", () => {
  const reasons = {
    STOP: "stop",
    MAX_TOKENS: "length",
    CONTINUATION: "length",
    SAFETY: "content_filter",
    RECITATION: "content_filter",
    PROHIBITED_CONTENT: "content_filter",
    OTHER: "content_filter",
    FUNCTION_CALL: "tool_calls",
    SOMETHING_NEW: "stop",
  };
  for (const [theirs, ours] of Object.entries(reasons))
    assert.equal(whole({ finishReason: theirs }).finishReason, ours);
  for (const finishReason of [
    "MALFORMED_FUNCTION_CALL",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MALFORMED_RESPONSE",
  ]) {
    assert.throws(() => whole({ finishReason }), { code: "provider_error" });
  }
});

test("a prompt that is blocked is a filtered answer, with its usage", () => {
  const body = { promptFeedback: { blockReason: "SAFETY" }, usageMetadata: { promptTokenCount: 4 } };
  const answer = foldEvents(codec.decodeAnswer(JSON.stringify(body)));
  assert.equal(answer.finishReason, "content_filter");
  assert.equal(answer.usage?.input, 4);
});

test("tokens of Google's own tools count as input", () => {
  const usageMetadata = {
    promptTokenCount: 10,
    cachedContentTokenCount: 4,
    toolUsePromptTokenCount: 3,
    candidatesTokenCount: 2,
    thoughtsTokenCount: 1,
  };
  assert.deepEqual(whole({}, { usageMetadata }).usage, {
    input: 9,
    cachedRead: 4,
    cacheWrite: 0,
    output: 2,
    reasoning: 1,
  });
});

test("the time to wait is read from the details of the error", () => {
  const error = {
    code: 429,
    message: "m",
    status: "RESOURCE_EXHAUSTED",
    details: [{ "@type": "x/google.rpc.RetryInfo", retryDelay: "19.07s" }],
  };
  assert.equal(codec.decodeError(429, {}, JSON.stringify([{ error }])).retryAfter, 20);
});
