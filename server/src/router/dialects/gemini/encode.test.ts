import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import { foldEvents } from "@slipway/contracts/model/fold.ts";
import * as fc from "fast-check";
import { createGenerateContentCodec } from "#providers/google/codec.ts";
import type { AnswerFrame } from "../dialect.ts";
import { decode } from "./decode.ts";
import { answers } from "../testing.ts";
import { gemini } from "./dialect.ts";

type Wire = Record<string, unknown>;

function frame(framing = "sse"): AnswerFrame {
  const url = `/v1beta/models/m:streamGenerateContent${framing === "sse" ? "?alt=sse" : ""}`;
  const decoded = decode({ contents: [{ parts: [{ text: "hi" }] }] }, { url, headers: {} });
  return { fallbackId: "resp_1", requestId: "req_1", model: "m", created: 1, decoded };
}

function textOf(events: readonly ModelEvent[], framing = "sse"): string {
  const writer = gemini.writer(frame(framing));
  return events.map((event) => writer.event(event)).join("") + writer.end();
}

function chunksOf(events: readonly ModelEvent[]): Wire[] {
  const lines = textOf(events).split("\r\n\r\n");
  assert.equal(lines.pop(), "");
  return lines.map((line) => JSON.parse(line.replace(/^data: /, "")) as Wire);
}

function candidateOf(answer: Wire): Wire {
  return (answer["candidates"] as Wire[] | undefined)?.[0] ?? {};
}

function partsOf(answer: Wire): Wire[] {
  return ((candidateOf(answer)["content"] as Wire | undefined)?.["parts"] as Wire[] | undefined) ?? [];
}

/** The parts of all chunks, pieces of one text or thought joined as they are within one answer. */
function joined(parts: readonly Wire[]): Wire[] {
  const all: Wire[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    // What closes another vendor's thoughts is theirs; Google's signature stands with the part after.
    const seal = part["thought"] === true && part["text"] === "";
    const goesOn =
      typeof last?.["text"] === "string" && typeof part["text"] === "string" && last["thought"] === part["thought"];
    const unsigned =
      part["thought"] === true ? last?.["thoughtSignature"] === undefined : part["thoughtSignature"] === undefined;
    if (last && goesOn && (seal || unsigned))
      Object.assign(last, part, { text: `${String(last["text"])}${String(part["text"])}` });
    else all.push({ ...part });
  }
  return all.filter((part) => part["text"] !== "" || part["thoughtSignature"] !== undefined);
}

const USAGE = { input: 3, cachedRead: 2, cacheWrite: 1, output: 4, reasoning: 5 };
const FINISH: ModelEvent = { type: "finish", reason: "stop", usage: USAGE };

test("text streams chunk by chunk, and the last one says why it ended and what was used", () => {
  const events: ModelEvent[] = [
    { type: "start", id: "a1", model: "gpt-5" },
    { type: "text", text: "Grüße" },
    { type: "text", text: ", done." },
    FINISH,
  ];
  const head = { modelVersion: "gpt-5", responseId: "a1" };
  assert.deepEqual(chunksOf(events), [
    { candidates: [{ content: { parts: [{ text: "Grüße" }], role: "model" }, index: 0 }], ...head },
    { candidates: [{ content: { parts: [{ text: ", done." }], role: "model" }, index: 0 }], ...head },
    {
      candidates: [{ content: { parts: [{ text: "" }], role: "model" }, index: 0, finishReason: "STOP" }],
      usageMetadata: {
        promptTokenCount: 6,
        candidatesTokenCount: 4,
        totalTokenCount: 15,
        cachedContentTokenCount: 2,
        thoughtsTokenCount: 5,
      },
      ...head,
    },
  ]);
});

test("without alt=sse a stream is one JSON array of the same chunks, and still one when it fails", () => {
  const events: ModelEvent[] = [{ type: "start" }, { type: "text", text: "a" }, FINISH];
  assert.deepEqual(JSON.parse(textOf(events, "array")), chunksOf(events));
  const writer = gemini.writer(frame("array"));
  const begun = events
    .slice(0, 2)
    .map((event) => writer.event(event))
    .join("");
  const broken = JSON.parse(begun + writer.fail(new SlipwayError("provider_stream_broken", "It broke."))) as unknown[];
  assert.equal(broken.length, 2);
  assert.partialDeepStrictEqual(broken[1], { error: { status: "UNAVAILABLE" } });
});

test("a call goes out whole, with its signature, and its arguments as they were written", () => {
  const events: ModelEvent[] = [
    { type: "tool_call_start", index: 0, id: "a", name: "t", signature: "s", signedBy: "google" },
    { type: "tool_call_start", index: 1, id: "b", name: "u" },
    { type: "tool_call_delta", index: 0, arguments: '{"n":12345678901' },
    { type: "tool_call_delta", index: 1, arguments: '{\n"x": 1}' },
    { type: "tool_call_delta", index: 0, arguments: "234567890}" },
    { type: "finish", reason: "tool_calls" },
  ];
  const text = textOf(events);
  assert.match(text, /"args":\{"n":12345678901234567890\},?/);
  const [only, ...more] = chunksOf(events);
  assert.equal(more.length, 0);
  assert.deepEqual(partsOf(only ?? {})[1], { functionCall: { id: "b", name: "u", args: { x: 1 } } });
  assert.equal(partsOf(only ?? {})[0]?.["thoughtSignature"], "s");
  assert.equal(candidateOf(only ?? {})["finishReason"], "STOP");
});

test("arguments that are no object end the answer as Google ends such ones", () => {
  const [only] = chunksOf([
    { type: "tool_call_start", index: 0, id: "a", name: "t" },
    { type: "tool_call_delta", index: 0, arguments: '{"x":' },
    { type: "finish", reason: "tool_calls" },
  ]);
  assert.equal(candidateOf(only ?? {})["finishReason"], "MALFORMED_FUNCTION_CALL");
});

test("every finish reason has one of Google's", () => {
  const reasons = {
    stop: "STOP",
    tool_calls: "STOP",
    length: "MAX_TOKENS",
    pause: "MAX_TOKENS",
    content_filter: "SAFETY",
    refusal: "SAFETY",
  } as const;
  for (const [reason, theirs] of Object.entries(reasons)) {
    const [chunk] = chunksOf([{ type: "finish", reason: reason as keyof typeof reasons }]);
    assert.equal(candidateOf(chunk ?? {})["finishReason"], theirs);
  }
});

test("sources of another vendor become grounding metadata, counted in bytes of the whole text", () => {
  const citation = { url: "https://a", title: "A", startIndex: 0, endIndex: 5 };
  const events: ModelEvent[] = [
    { type: "text", text: "Grüße. " },
    { type: "text_end" },
    { type: "text", text: "Paris." },
    { type: "citation", citation },
    { type: "citation", citation: { url: "https://b" } },
    { type: "finish", reason: "stop" },
  ];
  const last = chunksOf(events).at(-1) ?? {};
  const metadata = {
    groundingChunks: [{ web: { uri: "https://a", title: "A" } }, { web: { uri: "https://b" } }],
    groundingSupports: [{ segment: { startIndex: 9, endIndex: 14, text: "Paris" }, groundingChunkIndices: [0] }],
  };
  assert.deepEqual(candidateOf(last)["groundingMetadata"], metadata);
  const whole = gemini.encode(foldEvents(events), frame()) as Wire;
  assert.deepEqual(candidateOf(whole)["groundingMetadata"], metadata);
});

test("the thoughts of another vendor come back with their signature", () => {
  const events: ModelEvent[] = [
    { type: "reasoning", text: "Hm" },
    { type: "reasoning", text: "." },
    { type: "reasoning", text: "", signature: "redacted:+/", signedBy: "anthropic" },
    { type: "tool_call_start", index: 0, id: "a", name: "t" },
    { type: "finish", reason: "tool_calls" },
  ];
  const pieces = chunksOf(events).map((chunk) => ({ role: "model", parts: partsOf(chunk) }));
  const { request } = decode(
    { contents: [{ parts: [{ text: "hi" }] }, ...pieces] },
    { url: "/v1beta/models/m:generateContent", headers: {} },
  );
  assert.deepEqual(request.messages[1]?.content, [
    { type: "reasoning", text: "Hm.", signature: "redacted:+/", signedBy: "anthropic" },
    { type: "tool_call", id: "a", name: "t", arguments: "{}" },
  ]);
});

test("an answer of Google's comes out as Google gave it, streamed and whole", () => {
  const answer = {
    candidates: [
      {
        content: {
          parts: [
            { text: "Hm.", thought: true },
            { executableCode: { language: "PYTHON", code: "1" }, thoughtSignature: "s0" },
            { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1" } },
            { text: "It is 1.", thoughtSignature: "s1" },
            { inlineData: { mimeType: "image/png", data: "AAAA" } },
            { functionCall: { id: "a", name: "t", args: { x: 1 } }, thoughtSignature: "s2" },
            { text: "", thoughtSignature: "s3" },
          ],
          role: "model",
        },
        finishReason: "MAX_TOKENS",
        index: 0,
        safetyRatings: [{ category: "HARM_CATEGORY_HARASSMENT", probability: "NEGLIGIBLE" }],
        groundingMetadata: { webSearchQueries: ["1"], searchEntryPoint: { renderedContent: "<b>" } },
        continuationToken: "t",
      },
    ],
    usageMetadata: {
      promptTokenCount: 4,
      candidatesTokenCount: 2,
      thoughtsTokenCount: 3,
      totalTokenCount: 9,
      promptTokensDetails: [{ modality: "TEXT", tokenCount: 4 }],
    },
    modelVersion: "gemini-3-pro",
    responseId: "r1",
  };
  const events = createGenerateContentCodec("key").decodeAnswer(JSON.stringify(answer));
  assert.deepEqual(gemini.encode(foldEvents(events), frame()), answer);
  const chunks = chunksOf(events);
  assert.deepEqual(chunks.flatMap(partsOf), answer.candidates[0]?.content.parts);
  const { content: _, ...candidate } = candidateOf(chunks.at(-1) ?? {});
  const { content: _same, ...expected } = answer.candidates[0] ?? { content: {} };
  assert.deepEqual(candidate, expected);
  assert.deepEqual(chunks.at(-1)?.["usageMetadata"], answer.usageMetadata);
});

test("a prompt that Google blocked has no candidate", () => {
  const body = { promptFeedback: { blockReason: "SAFETY" }, usageMetadata: { promptTokenCount: 4 } };
  const events = createGenerateContentCodec("key").decodeAnswer(JSON.stringify(body));
  const expected = { ...body, modelVersion: "m", responseId: "resp_1" };
  assert.deepEqual(gemini.encode(foldEvents(events), frame()), expected);
  assert.deepEqual(chunksOf(events), [expected]);
});

const event: fc.Arbitrary<ModelEvent> = fc.oneof(
  fc.record({ type: fc.constant("text" as const), text: fc.string({ minLength: 1 }) }),
  fc.record({ type: fc.constant("reasoning" as const), text: fc.string({ minLength: 1 }) }),
  fc.constant<ModelEvent>({ type: "reasoning", text: "", signature: "s", signedBy: "google" }),
  fc.constant<ModelEvent>({ type: "native", family: "google", value: { executableCode: { code: "1" } } }),
  fc.constant<ModelEvent>({ type: "native", family: "anthropic", value: { type: "x" } }),
);

test("the parts that are streamed, joined, are those of the whole answer", () => {
  const call = fc.jsonValue({ maxDepth: 1 }).map((value) => JSON.stringify({ value }));
  fc.assert(
    fc.property(fc.array(event, { maxLength: 8 }), fc.array(call, { maxLength: 3 }), (events, calls) => {
      const all: ModelEvent[] = [
        ...events,
        ...calls.flatMap((text, index): ModelEvent[] => [
          { type: "tool_call_start", index, id: `c${index}`, name: "t" },
          { type: "tool_call_delta", index, arguments: text.slice(0, 5) },
          { type: "tool_call_delta", index, arguments: text.slice(5) },
        ]),
        FINISH,
      ];
      const chunks = chunksOf(all);
      const whole = gemini.encode(foldEvents(all), frame()) as Wire;
      assert.deepEqual(joined(chunks.flatMap(partsOf)), joined(partsOf(whole)));
      assert.deepEqual(chunks.at(-1)?.["usageMetadata"], whole["usageMetadata"]);
    }),
    { numRuns: 500 },
  );
});

test("the same holds for answers as all dialects are tried with: calls in mixed fragments, foreign signatures, sources", () => {
  fc.assert(
    fc.property(answers, (events) => {
      const chunks = chunksOf(events);
      const whole = gemini.encode(foldEvents(events), frame()) as Wire;
      assert.deepEqual(joined(chunks.flatMap(partsOf)), joined(partsOf(whole)));
      const { content: _, ...last } = candidateOf(chunks.at(-1) ?? {});
      const { content: _same, ...expected } = candidateOf(whole);
      assert.deepEqual(last, expected);
      assert.deepEqual(chunks.at(-1)?.["usageMetadata"], whole["usageMetadata"]);
    }),
    { numRuns: 500 },
  );
});

test("negative control: a stream that loses a piece is seen", () => {
  const events: ModelEvent[] = [{ type: "text", text: "a" }, { type: "text", text: "b" }, FINISH];
  const whole = gemini.encode(foldEvents(events), frame()) as Wire;
  assert.notDeepEqual(joined(chunksOf(events).slice(1).flatMap(partsOf)), joined(partsOf(whole)));
});

test("errors have the shape of google.rpc.Status, with our code as the reason", () => {
  const error = new SlipwayError("rate_limited", "Too fast.", { hint: "Slow down.", param: "model", retryAfter: 7 });
  assert.deepEqual(gemini.errors.encode(error, "req_1"), {
    error: {
      code: 429,
      message: "Too fast. Slow down.",
      status: "RESOURCE_EXHAUSTED",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: "RATE_LIMITED",
          domain: "slipway",
          metadata: { requestId: "req_1" },
        },
        {
          "@type": "type.googleapis.com/google.rpc.BadRequest",
          fieldViolations: [{ field: "model", description: "Too fast." }],
        },
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "7s" },
      ],
    },
  });
});
