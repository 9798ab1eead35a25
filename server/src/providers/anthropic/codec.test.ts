import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import { foldEvents, type ModelAnswer } from "@slipway/contracts/model/fold.ts";
import { type FilePart, type Message, type ModelRequest, textResult } from "@slipway/contracts/model/request.ts";
import { createMessagesCodec } from "./codec.ts";
import { DEFAULT_MAX_TOKENS } from "./encode.ts";

const codec = createMessagesCodec("key");
const HELLO: Message = { role: "user", content: [{ type: "text", text: "Hello" }] };
const TOOL = { name: "t", parameters: { type: "object" } };

function encode(request: Partial<ModelRequest>): Record<string, unknown> {
  const { body } = codec.encode({ model: "m", messages: [HELLO], tools: [], stream: false, ...request });
  return JSON.parse(body ?? "") as Record<string, unknown>;
}

function extra(fields: Record<string, unknown>): Pick<ModelRequest, "extra"> {
  return { extra: { family: "anthropic", fields } };
}

/** A stream that has begun, and the answer once it has ended. */
function stream(): { readonly send: (event: unknown) => boolean; readonly answer: () => ModelAnswer } {
  const events: ModelEvent[] = [];
  const decoder = codec.openStream({ event: (event) => events.push(event) });
  const send = (event: unknown): boolean => decoder.event(JSON.stringify(event), "x");
  send({ type: "message_start", message: { id: "m" } });
  return { send, answer: () => foldEvents(events) };
}

function whole(fields: Record<string, unknown>): ReturnType<typeof foldEvents> {
  return foldEvents(codec.decodeAnswer(JSON.stringify({ id: "m", content: [], stop_reason: "end_turn", ...fields })));
}

test("a bound of tokens is always sent, and holds a thinking budget besides", () => {
  assert.equal(encode({})["max_tokens"], DEFAULT_MAX_TOKENS);
  assert.equal(encode({ maxOutputTokens: 7 })["max_tokens"], 7);
  const thinking = { type: "enabled", budget_tokens: 20_000 };
  assert.equal(encode(extra({ thinking }))["max_tokens"], DEFAULT_MAX_TOKENS + 20_000);
});

test("tool choice and parallel calls are said in Anthropic's words", () => {
  const choose = (request: Partial<ModelRequest>): unknown => encode({ tools: [TOOL], ...request })["tool_choice"];
  assert.equal(choose({}), undefined);
  assert.deepEqual(choose({ toolChoice: "auto" }), { type: "auto" });
  assert.deepEqual(choose({ toolChoice: "required", parallelToolCalls: false }), {
    type: "any",
    disable_parallel_tool_use: true,
  });
  assert.deepEqual(choose({ toolChoice: { name: "t" } }), { type: "tool", name: "t" });
  assert.deepEqual(choose({ toolChoice: "none", parallelToolCalls: false }), { type: "none" });
  assert.deepEqual(choose({ parallelToolCalls: false }), { type: "auto", disable_parallel_tool_use: true });
  assert.equal(choose({ parallelToolCalls: true }), undefined);
});

test("a schema goes as the native output format, beside the client's own output settings", () => {
  const responseFormat = { type: "json_schema", name: "n", schema: { type: "object" } } as const;
  assert.deepEqual(encode({ responseFormat, ...extra({ output_config: { effort: "low" } }) })["output_config"], {
    effort: "low",
    format: { type: "json_schema", schema: { type: "object" } },
  });
  const described = { ...responseFormat, description: "An order." };
  assert.deepEqual(encode({ responseFormat: described })["output_config"], {
    format: { type: "json_schema", schema: { type: "object", description: "An order." } },
  });
  const twice = { ...described, schema: { type: "object", description: "Of a shop." } };
  assert.deepEqual(encode({ responseFormat: twice })["output_config"], {
    format: { type: "json_schema", schema: { type: "object", description: "An order.\nOf a shop." } },
  });
  assert.deepEqual(encode(extra({ output_config: { effort: "low" } }))["output_config"], { effort: "low" });
  assert.equal("output_config" in encode({ responseFormat: { type: "text" } }), false);
});

test("what Anthropic cannot carry is refused by name", () => {
  assert.throws(() => encode({ seed: 1 }), { code: "unsupported_field", param: "seed" });
  assert.throws(() => encode({ responseFormat: { type: "json_object" } }), {
    code: "unsupported_field",
    param: "responseFormat",
  });
  const image = { type: "image", source: { kind: "url", url: "https://example.com/a.png" }, detail: "high" } as const;
  assert.throws(() => encode({ messages: [{ role: "user", content: [image] }] }), {
    code: "unsupported_field",
    param: "messages[0].content[0].detail",
  });
  const call = { type: "tool_call", id: "c", name: "t", arguments: '{"cut":' } as const;
  assert.throws(() => encode({ messages: [{ role: "assistant", content: [call] }] }), {
    code: "invalid_request",
    param: "messages[0].content[0].arguments",
  });
  assert.throws(() => encode({ messages: [{ role: "tool", content: [call] }] }), { code: "invalid_request" });
});

test("messages of one role become one turn, with tool results first, and a later system message stays where it is", () => {
  const { system, messages } = encode({
    messages: [
      { role: "system", content: [{ type: "text", text: "first" }] },
      HELLO,
      {
        role: "assistant",
        content: [
          { type: "text", text: "" },
          { type: "tool_call", id: "functions.t:0", name: "t", arguments: "{}" },
        ],
      },
      { role: "tool", content: [{ type: "tool_result", toolCallId: "functions.t:0", content: textResult("r") }] },
      { role: "user", content: [{ type: "text", text: "and?" }] },
      { role: "system", content: [{ type: "text", text: "later" }] },
      HELLO,
    ],
  });
  assert.equal(system, "first");
  assert.deepEqual(messages, [
    { role: "user", content: [{ type: "text", text: "Hello" }] },
    { role: "assistant", content: [{ type: "tool_use", id: "functions_t_0", name: "t", input: {} }] },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "functions_t_0", content: "r" },
        { type: "text", text: "and?" },
      ],
    },
    { role: "system", content: [{ type: "text", text: "later" }] },
    { role: "user", content: [{ type: "text", text: "Hello" }] },
  ]);
});

test("thinking goes back as it came, redacted or not; unsigned and foreign thinking stays here", () => {
  const answer = whole({
    content: [
      { type: "thinking", thinking: "one", signature: "s1" },
      { type: "redacted_thinking", data: "d" },
      { type: "thinking", thinking: "", signature: "s2" },
      { type: "text", text: "said" },
    ],
  });
  const foreign = [
    { type: "reasoning", text: "unsigned" },
    { type: "reasoning", text: "other", signature: "g", signedBy: "google" },
  ] as const;
  const { messages } = encode({ messages: [HELLO, { role: "assistant", content: [...foreign, ...answer.content] }] });
  assert.deepEqual((messages as { content: unknown }[])[1]?.content, [
    { type: "thinking", thinking: "one", signature: "s1" },
    { type: "redacted_thinking", data: "d" },
    { type: "thinking", thinking: "", signature: "s2" },
    { type: "text", text: "said" },
  ]);
});

test("every stop reason has its finish reason", () => {
  const reasons = {
    end_turn: "stop",
    stop_sequence: "stop",
    max_tokens: "length",
    model_context_window_exceeded: "length",
    pause_turn: "pause",
    tool_use: "tool_calls",
    refusal: "refusal",
    something_new: "stop",
  };
  for (const [theirs, ours] of Object.entries(reasons)) assert.equal(whole({ stop_reason: theirs }).finishReason, ours);
});

test("blocks of Anthropic's own tools go on whole, streamed or not", () => {
  const call = { type: "server_tool_use", id: "s", name: "web_search", input: { query: "x" } };
  const result = {
    type: "web_search_tool_result",
    tool_use_id: "s",
    content: [{ type: "web_search_result", url: "u" }],
  };
  const programmatic = {
    type: "tool_use",
    id: "t",
    name: "t",
    input: { a: 1 },
    caller: { type: "code_execution_20260120" },
  };
  const summary = { type: "compaction", content: "so far" };
  const content = [call, result, programmatic, summary];
  const expected = content.map((value) => ({ type: "native", family: "anthropic", value }));
  assert.deepEqual(whole({ content }).content, expected);
  const { send, answer } = stream();
  send({ type: "content_block_start", index: 0, content_block: { ...call, input: {} } });
  for (const partial of ["", '{"query"', ':"x"}'])
    send({ type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: partial } });
  send({ type: "content_block_stop", index: 0 });
  send({ type: "content_block_start", index: 1, content_block: result });
  send({ type: "content_block_stop", index: 1 });
  send({ type: "content_block_start", index: 2, content_block: programmatic });
  send({ type: "content_block_stop", index: 2 });
  send({ type: "content_block_start", index: 3, content_block: { type: "compaction", content: "" } });
  for (const piece of ["so ", "far"])
    send({ type: "content_block_delta", index: 3, delta: { type: "compaction_delta", content: piece } });
  send({ type: "content_block_stop", index: 3 });
  send({ type: "something_new" });
  assert.deepEqual(answer().content, expected);
});

test("a native block whose input is cut, as by the bound of the answer, goes on with it; one without end breaks the answer", () => {
  const start = {
    type: "content_block_start",
    index: 0,
    content_block: { type: "server_tool_use", id: "s", input: {} },
  };
  const grow = (partial: string): unknown => ({
    type: "content_block_delta",
    index: 0,
    delta: { type: "input_json_delta", partial_json: partial },
  });
  const cut = stream();
  cut.send(start);
  cut.send(grow('{"query'));
  cut.send({ type: "content_block_stop", index: 0 });
  cut.send({ type: "message_delta", delta: { stop_reason: "max_tokens" }, usage: { output_tokens: 3 } });
  cut.send({ type: "message_stop" });
  const value = { type: "server_tool_use", id: "s", input: { malformed_arguments: '{"query' } };
  assert.deepEqual(
    [cut.answer().content, cut.answer().finishReason],
    [[{ type: "native", family: "anthropic", value }], "length"],
  );
  const endless = stream();
  endless.send(start);
  assert.throws(
    () => {
      for (let n = 0; n < 20; n += 1) endless.send(grow("x".repeat(1024 * 1024)));
    },
    { code: "provider_answer_unusable" },
  );
});

test("citations stay with their piece of text, streamed or not", () => {
  const page = {
    type: "page_location",
    cited_text: "c",
    document_index: 0,
    document_title: "D",
    start_page_number: 1,
    end_page_number: 2,
  };
  const web = {
    type: "web_search_result_location",
    cited_text: "w",
    url: "https://example.com",
    title: "T",
    encrypted_index: "e",
  };
  const answer = whole({
    content: [
      { type: "text", text: "It is " },
      { type: "text", text: "so", citations: [page, web] },
      { type: "text", text: "." },
    ],
  });
  assert.deepEqual(answer.content, [
    { type: "text", text: "It is " },
    {
      type: "text",
      text: "so",
      citations: [
        { title: "D", citedText: "c", native: { family: "anthropic", value: page } },
        { url: "https://example.com", title: "T", citedText: "w", native: { family: "anthropic", value: web } },
      ],
    },
    { type: "text", text: "." },
  ]);
  const streamed = stream();
  for (const [index, text] of ["It is ", "so", "."].entries()) {
    streamed.send({ type: "content_block_start", index, content_block: { type: "text", text: "" } });
    if (index === 1)
      for (const citation of [page, web])
        streamed.send({ type: "content_block_delta", index, delta: { type: "citations_delta", citation } });
    streamed.send({ type: "content_block_delta", index, delta: { type: "text_delta", text } });
    streamed.send({ type: "content_block_stop", index });
  }
  assert.deepEqual(streamed.answer().content, answer.content);
  assert.equal(streamed.answer().text, "It is so.");
});

test("what Anthropic says of the whole answer besides is kept: container, edits, tools that it ran, the sequence that was met", () => {
  const answer = whole({
    stop_reason: "stop_sequence",
    stop_sequence: "END",
    container: { id: "c" },
    context_management: { applied_edits: [] },
    usage: {
      input_tokens: 1,
      output_tokens: 2,
      server_tool_use: { web_search_requests: 1 },
      service_tier: "standard",
      speed: null,
    },
  });
  assert.equal(answer.stopSequence, "END");
  assert.deepEqual(answer.native, {
    family: "anthropic",
    fields: {
      container: { id: "c" },
      context_management: { applied_edits: [] },
      usage: { server_tool_use: { web_search_requests: 1 }, service_tier: "standard" },
    },
  });
});

test("files become documents, where Anthropic reads their kind", () => {
  const send = (part: FilePart): unknown =>
    (encode({ messages: [{ role: "user", content: [part] }] })["messages"] as { content: unknown[] }[])[0]?.content[0];
  const base64 = (mediaType: string, data: string): FilePart => ({
    type: "file",
    source: { kind: "base64", mediaType, data },
  });
  assert.deepEqual(send({ ...base64("application/pdf", "JVBE"), filename: "a.pdf" }), {
    type: "document",
    source: { type: "base64", media_type: "application/pdf", data: "JVBE" },
    title: "a.pdf",
  });
  assert.deepEqual(send(base64("text/csv", Buffer.from("ä,b").toString("base64"))), {
    type: "document",
    source: { type: "text", media_type: "text/plain", data: "ä,b" },
  });
  assert.throws(() => send(base64("audio/wav", "UklG")), {
    code: "unsupported_field",
    param: "messages[0].content[0].source",
  });
  const foreign: FilePart = { type: "file", source: { kind: "id", family: "openai", id: "file-1" } };
  assert.throws(() => send(foreign), { code: "unsupported_field", param: "messages[0].content[0].source" });
});

test("usage comes from the start of a stream where its end says nothing, and is absent where nothing says it", () => {
  const run = (start: unknown, delta: unknown): unknown => {
    const events: Parameters<typeof foldEvents>[0] extends Iterable<infer Event> ? Event[] : never = [];
    const decoder = codec.openStream({ event: (event) => events.push(event) });
    decoder.event(JSON.stringify({ type: "message_start", message: { id: "m", usage: start } }), "");
    decoder.event(JSON.stringify({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: delta }), "");
    assert.equal(decoder.event(JSON.stringify({ type: "message_stop" }), ""), true);
    return foldEvents(events).usage;
  };
  assert.deepEqual(
    run({ input_tokens: 9, cache_read_input_tokens: 4, output_tokens: 1 }, { input_tokens: null, output_tokens: 6 }),
    {
      input: 9,
      cachedRead: 4,
      cacheWrite: 0,
      output: 6,
      reasoning: 0,
    },
  );
  assert.equal(run(undefined, undefined), undefined);
  const writes = { cache_creation_input_tokens: 30, cache_creation: { ephemeral_1h_input_tokens: 20 } };
  assert.deepEqual(run({ input_tokens: 9, ...writes, output_tokens: 1 }, { output_tokens: 6 }), {
    input: 9,
    cachedRead: 0,
    cacheWrite: 30,
    cacheWrite1h: 20,
    output: 6,
    reasoning: 0,
  });
});

test("the start of a stream carries the prompt's figures, for an answer that is never whole", () => {
  const events: unknown[] = [];
  const decoder = codec.openStream({ event: (event) => events.push(event) });
  const usage = { input_tokens: 9, cache_read_input_tokens: 4, output_tokens: 1 };
  decoder.event(JSON.stringify({ type: "message_start", message: { id: "m", usage } }), "");
  const known = { input: 9, cachedRead: 4, cacheWrite: 0, output: 1, reasoning: 0 };
  assert.deepEqual(events, [{ type: "start", id: "m", usage: known }]);
});
