import assert from "node:assert/strict";
import { test } from "node:test";
import { answerMessage, foldEvents } from "@slipway/contracts/model/fold.ts";
import {
  type FilePart,
  type Message,
  type ModelRequest,
  type Part,
  textResult,
  type ToolResultPart,
} from "@slipway/contracts/model/request.ts";
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
  for (const generationConfig of [{ candidateCount: 2 }, { responseLogprobs: true }]) {
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
    () =>
      contentsOf([
        HELLO,
        { role: "tool", content: [{ type: "tool_result", toolCallId: "?", content: textResult("r") }] },
      ]),
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
    content: [{ type: "tool_result", toolCallId: id, name: "t", content: textResult(id) }],
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
    CONTINUATION: "pause",
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
    const usageMetadata = { promptTokenCount: 10, thoughtsTokenCount: 7 };
    // What it used is billed, so the failure carries it.
    assert.throws(() => whole({ finishReason }, { usageMetadata }), {
      code: "provider_answer_unusable",
      usage: { input: 10, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 7 },
    });
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

test("the start of a stream carries the prompt's figures, for an answer that is never whole", () => {
  const events: unknown[] = [];
  const decoder = codec.openStream({ event: (event) => events.push(event) });
  decoder.event(JSON.stringify({ responseId: "r", usageMetadata: { promptTokenCount: 10 } }), "");
  const known = { input: 10, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
  assert.deepEqual(events, [{ type: "start", id: "r", usage: known }]);
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

test("files of every kind of source become inline data or file data", () => {
  const send = (part: Part): unknown =>
    (contentsOf([{ role: "user", content: [part] }]) as { parts: unknown[] }[])[0]?.parts[0];
  const file = (source: FilePart["source"], more: Partial<FilePart> = {}): Part => ({ type: "file", source, ...more });
  assert.deepEqual(send(file({ kind: "base64", mediaType: "application/pdf", data: "JVBE" }, { filename: "a.pdf" })), {
    inlineData: { mimeType: "application/pdf", data: "JVBE" },
  });
  assert.deepEqual(send(file({ kind: "text", text: "Grüße" })), {
    inlineData: { mimeType: "text/plain", data: Buffer.from("Grüße").toString("base64") },
  });
  assert.deepEqual(
    send(file({ kind: "id", family: "google", id: "https://x/v1beta/files/f1", mediaType: "audio/mp3" })),
    {
      fileData: { fileUri: "https://x/v1beta/files/f1", mimeType: "audio/mp3" },
    },
  );
  assert.deepEqual(send(file({ kind: "url", url: "https://example.com/a.mp4" })), {
    fileData: { fileUri: "https://example.com/a.mp4", mimeType: "video/mp4" },
  });
  assert.deepEqual(send(file({ kind: "url", url: "https://www.youtube.com/watch?v=9hE5" })), {
    fileData: { fileUri: "https://www.youtube.com/watch?v=9hE5" },
  });
  const refusals: [Part, string][] = [
    [file({ kind: "id", family: "openai", id: "file-1" }), "messages[0].content[0].source"],
    [file({ kind: "text", text: "t" }, { citable: true }), "messages[0].content[0].citable"],
    [file({ kind: "text", text: "t" }, { title: "T" }), "messages[0].content[0].title"],
    [{ type: "native", family: "anthropic", value: { type: "server_tool_use" } }, "messages[0].content[0]"],
  ];
  for (const [part, param] of refusals) assert.throws(() => send(part), { code: "unsupported_field", param });
});

test("a tool's answer carries pictures, and an object where its text is one", () => {
  const call: Message = { role: "assistant", content: [{ type: "tool_call", id: "a", name: "t", arguments: "{}" }] };
  const send = (content: ToolResultPart["content"], isError?: boolean): unknown => {
    const result: Part = { type: "tool_result", toolCallId: "a", content, ...(isError ? { isError } : {}) };
    const contents = contentsOf([HELLO, call, { role: "tool", content: [result] }]) as {
      parts: { functionResponse?: unknown }[];
    }[];
    return contents[2]?.parts[0]?.functionResponse;
  };
  const image = { type: "image", source: { kind: "base64", mediaType: "image/png", data: "AAAA" } } as const;
  assert.deepEqual(send([{ type: "text", text: "seen" }, image]), {
    id: "a",
    name: "t",
    response: { output: "seen" },
    parts: [{ inlineData: { mimeType: "image/png", data: "AAAA" } }],
  });
  const response = (text: string, isError?: boolean): unknown =>
    (send(textResult(text), isError) as { response: unknown }).response;
  assert.deepEqual(response('{"sky":"clear"}'), { sky: "clear" });
  assert.deepEqual(response('{"id":12345678901234567890}'), { output: '{"id":12345678901234567890}' });
  assert.deepEqual(response("[1]"), { output: "[1]" });
  assert.deepEqual(response("no clock", true), { error: "no clock" });
});

test("thinking is said by level where the model knows levels, else by budget", () => {
  const thinking = (reasoning: ModelRequest["reasoning"], model = "gemini-3-pro"): unknown =>
    (
      encode({ model, ...(reasoning ? { reasoning } : {}) })["generationConfig"] as Record<string, unknown> | undefined
    )?.["thinkingConfig"];
  assert.equal(thinking(undefined), undefined);
  assert.deepEqual(thinking({ effort: "low", show: true }), { thinkingLevel: "LOW", includeThoughts: true });
  assert.deepEqual(thinking({ effort: "max" }, "gemini-flash-latest"), { thinkingLevel: "HIGH" });
  assert.deepEqual(thinking({ effort: "medium" }, "gemini-2.5-flash"), { thinkingBudget: 8192 });
  assert.deepEqual(thinking({ effort: "none" }), { thinkingBudget: 0 });
  assert.deepEqual(thinking({ effort: "high", budgetTokens: 300 }), { thinkingBudget: 300 });
  assert.deepEqual(thinking({ adaptive: true }), { thinkingBudget: -1 });
});

test("sampling settings, the vendor's own tools and blocks of its own travel; other vendors' are refused by name", () => {
  const body = encode({
    topK: 40,
    presencePenalty: 0.5,
    frequencyPenalty: -0.5,
    tools: [TOOL],
    nativeTools: [{ family: "google", path: "tools[1]", value: { googleSearch: {} } }],
    endUser: "u",
  });
  assert.deepEqual(body["generationConfig"], { topK: 40, presencePenalty: 0.5, frequencyPenalty: -0.5 });
  assert.deepEqual(body["tools"], [
    { functionDeclarations: [{ name: "t", parametersJsonSchema: { type: "object" } }] },
    { googleSearch: {} },
  ]);
  assert.throws(() => encode({ nativeTools: [{ family: "openai", path: "tools[0]", value: {} }] }), {
    code: "unsupported_field",
    param: "tools[0]",
  });
});

test("code that Google ran goes out as it came, and comes back so", () => {
  const parts = [
    { executableCode: { language: "PYTHON", code: "print(1)" }, thoughtSignature: "s" },
    { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1" } },
    { text: "It is 1." },
    { functionCall: { id: "a", name: "t", args: {} }, thoughtSignature: "s1" },
  ];
  const answer = whole({ content: { parts } });
  assert.equal(answer.text, "It is 1.");
  assert.deepEqual(contentsOf([HELLO, answerMessage(answer)]), [
    { role: "user", parts: [{ text: "Hello" }] },
    { role: "model", parts },
  ]);
});

test("sources become citations of the text, in its own units", () => {
  const text = "Grüße 👋🏽 from Vienna.";
  const bytes = (part: string): number => Buffer.byteLength(text.slice(0, text.indexOf(part)));
  const groundingMetadata = {
    groundingChunks: [{ web: { uri: "https://a", title: "A" } }, { web: { uri: "https://b" } }],
    groundingSupports: [
      {
        segment: { startIndex: bytes("from"), endIndex: bytes(" Vienna"), text: "from" },
        groundingChunkIndices: [0, 7],
      },
    ],
    searchEntryPoint: { renderedContent: "<b>" },
  };
  const answer = whole({ content: { parts: [{ text }] }, groundingMetadata });
  const startIndex = text.indexOf("from");
  assert.deepEqual(answer.content, [
    {
      type: "text",
      text,
      citations: [{ url: "https://a", title: "A", startIndex, endIndex: startIndex + 4 }, { url: "https://b" }],
    },
  ]);
  assert.deepEqual(answer.native?.fields["candidate"], { finishReason: "STOP", groundingMetadata });
});

test("a signature that is missing is the request's fault", () => {
  assert.throws(() => whole({ finishReason: "MISSING_THOUGHT_SIGNATURE" }), { code: "provider_rejected" });
});
