import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import * as fc from "fast-check";
import OpenAI from "openai";
import type { Dialect } from "../dialect.ts";
import { answers, frameFor, HEAD, whole, written } from "../testing.ts";
import { openaiResponses } from "./dialect.ts";

const BODY = { model: "gpt-x", input: "hi" } as const;
const decoded = openaiResponses.decode({ ...BODY, stream: true }, HEAD);
const sealed = openaiResponses.decode({ ...BODY, stream: true, store: false }, HEAD);

/** What the official client makes of a streamed body. It checks the order and the identity of items itself. */
function read(body: string): Promise<OpenAI.Responses.Response> {
  const client = new OpenAI({
    apiKey: "k",
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } })),
  });
  return client.responses.stream(BODY).finalResponse();
}

/** Without what the client adds for parsed answers. */
function comparable(value: unknown): unknown {
  const added = new Set(["parsed", "parsed_arguments", "output_parsed", "output_text"]);
  return JSON.parse(JSON.stringify(value, (key, field: unknown) => (added.has(key) ? undefined : field))) as unknown;
}

/** The events without their last, as the client would have put them together had the last been lost: only what grew. */
function eventsOf(body: string): Record<string, unknown>[] {
  return [...body.matchAll(/^data: (.+)$/gm)].map(([, json]) => JSON.parse(json ?? "") as Record<string, unknown>);
}

async function assertSame(dialect: Dialect, request: typeof decoded, events: readonly ModelEvent[]): Promise<void> {
  const body = written(dialect, request, events);
  const expected = comparable(whole(dialect, request, events)) as { output: unknown[] };
  assert.deepEqual(comparable(await read(body)), expected);
  // The last event holds the whole response; the items must be the same as those that were told one by one.
  const told = eventsOf(body);
  const done = told.filter(({ type }) => type === "response.output_item.done");
  const inOrder = done.toSorted((one, other) => Number(one["output_index"]) - Number(other["output_index"]));
  assert.deepEqual(comparable(inOrder.map(({ item }) => item)), expected.output);
  assert.deepEqual(
    told.map((event) => event["sequence_number"]),
    told.map((_, index) => index),
  );
  assertGrown(told, expected.output);
}

/** The deltas of each item, put together, are the item. */
function assertGrown(told: readonly Record<string, unknown>[], output: readonly unknown[]): void {
  for (const item of output as {
    id: string;
    type: string;
    content?: { text?: string }[];
    arguments?: string;
    summary?: { text: string }[];
  }[]) {
    const grown = (type: string): string =>
      told
        .flatMap((event) => (event["type"] === type && event["item_id"] === item.id ? [event["delta"]] : []))
        .join("");
    if (item.type === "message")
      assert.equal(grown("response.output_text.delta"), (item.content ?? []).map(({ text }) => text ?? "").join(""));
    if (item.type === "function_call") assert.equal(grown("response.function_call_arguments.delta"), item.arguments);
    if (item.type === "reasoning")
      assert.equal(
        grown("response.reasoning_summary_text.delta"),
        (item.summary ?? []).map(({ text }) => text).join(""),
      );
  }
}

test("the official client gathers the same response from a stream as it gets whole", async () => {
  for (const request of [decoded, sealed]) {
    await fc.assert(
      fc.asyncProperty(answers, (events) => assertSame(openaiResponses, request, events)),
      { numRuns: 200 },
    );
  }
});

test("ids, phases and parts are the same streamed and whole, between blocks of other families too", async () => {
  const piece = fc.constantFrom<readonly ModelEvent[]>(
    [{ type: "text", text: "said" }],
    [{ type: "text", text: "more", phase: "commentary" }],
    [{ type: "text", text: "last", phase: "final_answer" }],
    [{ type: "citation", citation: { url: "https://example.com/a" } }],
    [{ type: "text_end" }],
    [{ type: "reasoning", text: "thought" }],
    [{ type: "reasoning", text: "", signature: "c2ln", signedBy: "openai" }],
    [{ type: "native", family: "google", value: { inlineData: { mimeType: "image/png", data: "iVBO" } } }],
    [{ type: "native", family: "openai", value: { type: "web_search_call", status: "completed" } }],
  );
  const named = (event: ModelEvent, at: number): ModelEvent =>
    event.type === "native" ? { ...event, value: { id: `ws_${at}`, ...event.value } } : event;
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), fc.boolean(), async (pieces, refuses) => {
      const refusal: readonly ModelEvent[] = refuses ? [{ type: "refusal", text: "No." }] : [];
      await assertSame(openaiResponses, decoded, [
        { type: "start" },
        ...pieces.flat().map(named),
        ...refusal,
        { type: "finish", reason: refuses ? "refusal" : "stop" },
      ]);
    }),
    { numRuns: 500 },
  );
});

test("negative control: a writer that loses a kind of event is seen", async () => {
  for (const lost of ["text", "citation", "tool_call_delta", "reasoning"]) {
    const losing: Dialect = {
      ...openaiResponses,
      writer(frame) {
        const writer = openaiResponses.writer(frame);
        return {
          event: (event) => (event.type === lost ? "" : writer.event(event)),
          end: () => writer.end(),
          fail: (error) => writer.fail(error),
        };
      },
    };
    await assert.rejects(
      fc.assert(
        fc.asyncProperty(answers, (events) => assertSame(losing, decoded, events)),
        { numRuns: 200 },
      ),
      lost,
    );
  }
});

test("the events come in the documented order", () => {
  const body = written(openaiResponses, decoded, [
    { type: "start" },
    { type: "reasoning", text: "Hm." },
    { type: "reasoning", text: "", signature: "s", signedBy: "anthropic" },
    { type: "text", text: "a" },
    { type: "text", text: "b" },
    { type: "tool_call_start", index: 0, id: "c", name: "t" },
    { type: "tool_call_delta", index: 0, arguments: "{}" },
    { type: "finish", reason: "tool_calls" },
  ]);
  assert.deepEqual(
    eventsOf(body).map(({ type }) => type),
    [
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "response.output_item.done",
      "response.completed",
    ],
  );
});

test("seals of reasoning and of calls are shown to whom nobody keeps them, and to whom asked for them", () => {
  const events: ModelEvent[] = [
    { type: "start" },
    { type: "reasoning", text: "a", signature: "sig", signedBy: "anthropic" },
    { type: "tool_call_start", index: 0, id: "c", name: "t", signature: "thought", signedBy: "google" },
    { type: "tool_call_delta", index: 0, arguments: "{}" },
    { type: "finish", reason: "tool_calls" },
  ];
  const shown = (request: typeof decoded): unknown[] =>
    (whole(openaiResponses, request, events) as OpenAI.Responses.Response).output.map((item) =>
      item.type === "reasoning" ? item.encrypted_content : item.type,
    );
  assert.deepEqual(shown(decoded), [undefined, "function_call"]);
  const seals = ["slipway:anthropic:sig", "slipway-call:google:thought", "function_call"];
  assert.deepEqual(shown(sealed), seals);
  const asked = openaiResponses.decode({ ...BODY, include: ["reasoning.encrypted_content"] }, HEAD);
  assert.deepEqual(shown(asked), seals);
});

test("an answer that was cut, filtered or refused says so, and blocks of OpenAI's own come out as they went in", async () => {
  const search = { id: "ws_1", type: "web_search_call", status: "completed", action: { type: "search", query: "q" } };
  const events = (reason: "length" | "content_filter"): ModelEvent[] => [
    { type: "start" },
    { type: "native", family: "openai", value: search },
    { type: "text", text: "Loo", phase: "commentary" },
    { type: "finish", reason },
  ];
  const cut = await read(written(openaiResponses, decoded, events("length")));
  assert.deepEqual([cut.status, cut.incomplete_details], ["incomplete", { reason: "max_output_tokens" }]);
  assert.deepEqual(cut.output[0], search);
  const message = cut.output[1];
  assert.equal(message?.type === "message" && message.phase, "commentary");
  const filtered = await read(written(openaiResponses, decoded, events("content_filter")));
  assert.deepEqual(filtered.incomplete_details, { reason: "content_filter" });
  const refused: ModelEvent[] = [
    { type: "start" },
    { type: "refusal", text: "No, " },
    { type: "refusal", text: "never." },
    { type: "finish", reason: "refusal" },
  ];
  await assertSame(openaiResponses, decoded, refused);
  const cutShort: ModelEvent[] = [
    { type: "start" },
    { type: "text", text: "First, " },
    { type: "finish", reason: "refusal" },
  ];
  await assertSame(openaiResponses, decoded, cutShort);
  const { status, incomplete_details: why } = whole(openaiResponses, decoded, cutShort) as OpenAI.Responses.Response;
  assert.deepEqual([status, why], ["incomplete", { reason: "content_filter" }]);
  const { output } = whole(openaiResponses, decoded, refused) as OpenAI.Responses.Response;
  assert.deepEqual(output[0]?.type === "message" && output[0].content, [{ type: "refusal", refusal: "No, never." }]);
});

test("a failure after the answer began is a failed response with what was said, our code and the reason", () => {
  const writer = openaiResponses.writer(frameFor(decoded));
  const text =
    writer.event({ type: "start" }) +
    writer.event({ type: "text", text: "half" }) +
    writer.fail(new SlipwayError("provider_stream_broken", "It broke.", { hint: "Try again." }));
  const last = eventsOf(text).at(-1) as { type: string; response: OpenAI.Responses.Response };
  assert.equal(last.type, "response.failed");
  assert.equal(last.response.status, "failed");
  assert.deepEqual(last.response.error, {
    code: "server_error",
    message: "It broke. Try again.",
    type: "provider_stream_broken",
    param: null,
  });
});

test("a failure after nothing but signs of life is a response that failed, as the official client reads one", async () => {
  const error = new SlipwayError("provider_timeout", "It said nothing.");
  const text = openaiResponses.writer(frameFor(decoded)).fail(error);
  assert.equal((await read(`: keep-alive\n\n${text}`)).error?.message, "It said nothing.");
});

test("a response repeats what was asked", () => {
  const request = openaiResponses.decode(
    {
      ...BODY,
      instructions: "be brief",
      temperature: 0.5,
      max_output_tokens: 9,
      metadata: { a: "b" },
      previous_response_id: "resp_0",
      text: { verbosity: "low" },
      tools: [{ type: "function", name: "t", parameters: {}, strict: true }],
      tool_choice: "required",
    },
    HEAD,
  );
  const events: ModelEvent[] = [
    { type: "start", id: "other", model: "gpt-x-1" },
    { type: "finish", reason: "stop" },
  ];
  const {
    id,
    instructions,
    temperature,
    max_output_tokens,
    metadata,
    previous_response_id,
    text,
    tools,
    tool_choice,
    model,
    store,
  } = whole(openaiResponses, request, events) as OpenAI.Responses.Response & { store: boolean };
  assert.deepEqual(
    {
      id,
      instructions,
      temperature,
      max_output_tokens,
      metadata,
      previous_response_id,
      text,
      tool_choice,
      model,
      store,
    },
    {
      id: "id_1",
      instructions: "be brief",
      temperature: 0.5,
      max_output_tokens: 9,
      metadata: { a: "b" },
      previous_response_id: "resp_0",
      text: { format: { type: "text" }, verbosity: "low" },
      tool_choice: "required",
      model: "gpt-x-1",
      store: true,
    },
  );
  assert.equal(tools.length, 1);
});
