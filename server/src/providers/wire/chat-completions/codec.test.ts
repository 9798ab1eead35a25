import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import { foldEvents, type ModelAnswer } from "@slipway/contracts/model/fold.ts";
import { type Message, type ModelRequest, textResult } from "@slipway/contracts/model/request.ts";
import { createChatCompletionsCodec } from "./codec.ts";

const openai = createChatCompletionsCodec({
  provider: "openai",
  apiKey: "key",
  maxTokensField: "max_completion_tokens",
  returnsReasoning: false,
});
const compatible = createChatCompletionsCodec({
  provider: "compatible",
  maxTokensField: "max_tokens",
  returnsReasoning: true,
});

const HELLO: Message = { role: "user", content: [{ type: "text", text: "Hello" }] };
const TOOL = { name: "t", parameters: { type: "object" } };

function encode(request: Partial<ModelRequest>, codec = openai): Record<string, unknown> {
  const { body } = codec.encode({ model: "m", messages: [HELLO], tools: [], stream: false, ...request });
  return JSON.parse(body ?? "") as Record<string, unknown>;
}

function stream(...chunks: readonly unknown[]): ModelAnswer {
  const events: ModelEvent[] = [];
  const decoder = compatible.openStream({ event: (event) => events.push(event) });
  for (const chunk of chunks) decoder.event(typeof chunk === "string" ? chunk : JSON.stringify(chunk), "message");
  decoder.end();
  return foldEvents(events);
}

function delta(value: unknown, reason: string | null = null): unknown {
  return { choices: [{ index: 0, delta: value, finish_reason: reason }] };
}

describe("requests", () => {
  test("usage is asked for in every stream, beside the client's own stream options", () => {
    assert.deepEqual(encode({ stream: true })["stream_options"], { include_usage: true });
    const extra = {
      family: "openai" as const,
      fields: { stream_options: { include_usage: false, include_obfuscation: false } },
    };
    assert.deepEqual(encode({ stream: true, extra })["stream_options"], {
      include_obfuscation: false,
      include_usage: true,
    });
    assert.equal("stream_options" in encode({}), false);
  });

  test("what the event model says stands over a field of the same name that came uninterpreted", () => {
    const extra = { family: "openai" as const, fields: { model: "other", temperature: 1, user: "u" } };
    const body = encode({ temperature: 0, extra });
    assert.deepEqual([body["model"], body["temperature"], body["user"]], ["m", 0, "u"]);
  });

  test("what a structured answer is for goes with its schema", () => {
    const format = { name: "n", description: "for", schema: { type: "object" }, strict: true };
    const body = encode({ responseFormat: { type: "json_schema", ...format } });
    assert.deepEqual(body["response_format"], { type: "json_schema", json_schema: format });
  });

  test("tool choice and parallel calls are said in OpenAI's words, and only where there are tools", () => {
    assert.equal(encode({ tools: [TOOL], toolChoice: "required" })["tool_choice"], "required");
    assert.deepEqual(encode({ tools: [TOOL], toolChoice: { name: "t" } })["tool_choice"], {
      type: "function",
      function: { name: "t" },
    });
    assert.equal(encode({ tools: [TOOL], parallelToolCalls: false })["parallel_tool_calls"], false);
    const without = encode({ toolChoice: "auto", parallelToolCalls: true });
    assert.ok(!("tool_choice" in without) && !("parallel_tool_calls" in without) && !("tools" in without));
  });

  test("fields that would be paid for and lost are refused by name", () => {
    for (const fields of [{ n: 2 }, { logprobs: true }, { modalities: ["text", "audio"] }, { functions: [] }]) {
      const [name] = Object.keys(fields);
      assert.throws(() => encode({ extra: { family: "openai", fields } }), { code: "unsupported_field", param: name });
    }
    encode({ extra: { family: "openai", fields: { n: 1, logprobs: false, modalities: ["text"] } } });
  });

  test("reasoning goes back within a running turn only, and only to those who know the field", () => {
    const turn: Message[] = [
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "old" },
          { type: "text", text: "a" },
        ],
      },
      HELLO,
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "new" },
          { type: "tool_call", id: "c", name: "t", arguments: "{}" },
        ],
      },
      { role: "tool", content: [{ type: "tool_result", toolCallId: "c", content: textResult("r") }] },
    ];
    const reasoning = (codec: typeof openai): unknown[] => {
      const { messages } = encode({ messages: turn }, codec) as { messages: Record<string, unknown>[] };
      return messages.map((message) => message["reasoning_content"]);
    };
    assert.deepEqual(reasoning(openai), [undefined, undefined, undefined, undefined]);
    assert.deepEqual(reasoning(compatible), [undefined, undefined, "new", undefined]);
  });

  test("parts in the wrong place are refused by name", () => {
    const image = { type: "image", source: { kind: "url", url: "https://example.com/a.png" } } as const;
    const at = (message: Message): void => void encode({ messages: [message] });
    assert.throws(() => at({ role: "system", content: [image] }), {
      code: "invalid_request",
      param: "messages[0].content[0]",
    });
    assert.throws(() => at({ role: "assistant", content: [image] }), {
      code: "unsupported_field",
      param: "messages[0].content[0]",
    });
    assert.throws(() => at({ role: "tool", content: [image] }), { code: "invalid_request" });
    assert.throws(
      () => at({ role: "user", content: [{ type: "tool_result", toolCallId: "c", content: textResult("r") }] }),
      {
        code: "invalid_request",
      },
    );
  });

  test("the key travels in the header and nowhere else; without one there is no header", () => {
    const request = { model: "m", messages: [HELLO], tools: [], stream: false };
    assert.ok(openai.encode(request).headers.includes("Bearer key"));
    assert.ok(!compatible.encode(request).headers.includes("authorization"));
  });
});

describe("tool calls of upstreams that copied OpenAI", () => {
  const call = (value: Record<string, unknown>): unknown => delta({ tool_calls: [value] });

  test("all with the index 0 and different ids", () => {
    const answer = stream(
      call({ index: 0, id: "a", function: { name: "one", arguments: "{}" } }),
      call({ index: 0, id: "b", function: { name: "two", arguments: '{"x":1}' } }),
      delta({}, "stop"),
    );
    assert.deepEqual(
      answer.toolCalls.map(({ id, name }) => [id, name]),
      [
        ["a", "one"],
        ["b", "two"],
      ],
    );
    assert.equal(answer.finishReason, "tool_calls");
  });

  test("without index, and without ids", () => {
    const answer = stream(
      call({ function: { name: "one", arguments: "{" } }),
      call({ function: { arguments: "}" } }),
      call({ function: { name: "two", arguments: "{}" } }),
      delta({}, "tool_calls"),
    );
    assert.deepEqual(
      answer.toolCalls.map(({ name, arguments: text }) => [name, text]),
      [
        ["one", "{}"],
        ["two", "{}"],
      ],
    );
    assert.equal(new Set(answer.toolCalls.map(({ id }) => id)).size, 2);
  });

  test("interleaved by index, with the name after the first arguments", () => {
    const answer = stream(
      call({ index: 0, id: "a", function: { arguments: '{"a"' } }),
      call({ index: 0, function: { name: "one", arguments: ":1" } }),
      call({ index: 1, id: "b", function: { name: "two", arguments: "" } }),
      call({ index: 0, function: { arguments: "}" } }),
      call({ index: 1, function: { arguments: "{}" } }),
      "[DONE]",
    );
    assert.deepEqual(answer.toolCalls, [
      { id: "a", name: "one", arguments: '{"a":1}' },
      { id: "b", name: "two", arguments: "{}" },
    ]);
  });

  test("an empty list of calls is none, whatever the reason says, streamed or not", () => {
    const usual = { role: "assistant", content: "Hi", tool_calls: [] };
    for (const reason of ["stop", "tool_calls"]) {
      assert.equal(stream(delta(usual), delta({}, reason), "[DONE]").finishReason, "stop");
      const whole = { choices: [{ index: 0, message: usual, finish_reason: reason }] };
      assert.equal(foldEvents(compatible.decodeAnswer(JSON.stringify(whole))).finishReason, "stop");
    }
  });

  test("a call without a name, and more than a thousand calls, break the stream", () => {
    assert.throws(() => stream(call({ index: 0, id: "a", function: { arguments: "{}" } }), delta({}, "stop")), {
      code: "provider_stream_broken",
    });
    const many = Array.from({ length: 1_001 }, (_, index) => ({
      index,
      id: `c${index}`,
      function: { name: "t", arguments: "{}" },
    }));
    assert.throws(() => stream(delta({ tool_calls: many })), { code: "provider_stream_broken" });
  });
});

describe("answers of upstreams that copied OpenAI", () => {
  test("reasons of Google's, with its own word behind ours: what is filtered looks cut, what is of no use fails with what it used", () => {
    const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };
    const whole = (choice: object) =>
      compatible.decodeAnswer(JSON.stringify({ choices: [{ index: 0, ...choice }], usage }));
    const ended = (reason: string) => ({ choices: [{ index: 0, delta: {}, finish_reason: reason }], usage });
    for (const reason of ["content_filter: RECITATION", "content_filter: PROHIBITED_CONTENT"]) {
      // A prompt that is blocked gets no message at all.
      assert.equal(foldEvents(whole({ finish_reason: reason })).finishReason, "content_filter");
      assert.equal(stream(delta({ content: "a" }), ended(reason), "[DONE]").finishReason, "content_filter");
    }
    const amiss = {
      code: "provider_answer_unusable",
      usage: { input: 9, cachedRead: 0, cacheWrite: 0, output: 4, reasoning: 0 },
    };
    const reason = "function_call_filter: MALFORMED_FUNCTION_CALL";
    assert.throws(() => whole({ message: { role: "assistant" }, finish_reason: reason }), amiss);
    assert.throws(() => stream(delta({}), ended(reason)), amiss);
    // What nobody has heard of yet is an end as any.
    assert.equal(foldEvents(whole({ message: { content: "a" }, finish_reason: "new: THING" })).finishReason, "stop");
  });

  test("an answer that OpenRouter says broke off is no answer", () => {
    const error = { code: 429, message: "Slow down." };
    const whole = (choice: object) => compatible.decodeAnswer(JSON.stringify({ choices: [{ index: 0, ...choice }] }));
    const cut = { message: { role: "assistant", content: "Half" }, finish_reason: "error" };
    assert.throws(() => whole(cut), { code: "provider_error" });
    assert.throws(() => whole({ ...cut, error }), { code: "provider_rate_limited", message: /Slow down/ });
    assert.throws(() => stream(delta({ content: "Half" }), delta({}, "error")), { code: "provider_error" });
  });

  test("reasoning under either name, and Mistral's parts", () => {
    assert.equal(stream(delta({ reasoning: "r", content: "t" }), delta({}, "stop")).reasoning, "r");
    const parts = [
      { type: "thinking", thinking: [{ type: "text", text: "think" }] },
      { type: "text", text: "say" },
    ];
    const answer = stream(delta({ content: parts }), delta({}, "stop"));
    assert.deepEqual([answer.reasoning, answer.text], ["think", "say"]);
  });

  test("usage with the finish reason, in a chunk of its own, or not at all", () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
    const expected = { input: 3, cachedRead: 0, cacheWrite: 0, output: 2, reasoning: 0 };
    assert.deepEqual(stream({ ...(delta({ content: "a" }, "stop") as object), usage }).usage, expected);
    assert.deepEqual(stream(delta({ content: "a" }, "stop"), { choices: [], usage }, "[DONE]").usage, expected);
    assert.equal(stream(delta({ content: "a" }, "stop")).usage, undefined);
  });

  test("reasoning that is counted beside the completion", () => {
    const usage = {
      prompt_tokens: 3,
      completion_tokens: 2,
      total_tokens: 12,
      completion_tokens_details: { reasoning_tokens: 7 },
    };
    assert.deepEqual(stream(delta({}, "stop"), { choices: [], usage }).usage, {
      input: 3,
      cachedRead: 0,
      cacheWrite: 0,
      output: 2,
      reasoning: 7,
    });
  });

  test("reasoning that the total alone tells of, in every chunk anew", () => {
    const chunk = (completion: number, total: number): unknown => ({
      ...(delta({ content: "1" }) as object),
      usage: { prompt_tokens: 9, completion_tokens: completion, total_tokens: total },
    });
    const { usage } = stream(chunk(1, 103), chunk(3, 105), delta({}, "stop"), "[DONE]");
    assert.deepEqual(usage, { input: 9, cachedRead: 0, cacheWrite: 0, output: 3, reasoning: 93 });
  });

  test("counts that contradict each other never become negative", () => {
    const usage = {
      prompt_tokens: 3,
      prompt_tokens_details: { cached_tokens: 9, cache_write_tokens: 9 },
      completion_tokens: -2,
    };
    assert.deepEqual(stream(delta({}, "stop"), { choices: [], usage }).usage, {
      input: 0,
      cachedRead: 3,
      cacheWrite: 0,
      output: 0,
      reasoning: 0,
    });
  });

  test("other choices than the first are passed over", () => {
    const answer = stream({ choices: [{ index: 1, delta: { content: "no" } }] }, delta({ content: "yes" }, "stop"));
    assert.equal(answer.text, "yes");
  });

  test("errors within a stream lead to their codes", () => {
    const codes: readonly (readonly [unknown, string])[] = [
      [{ error: { message: "m", type: "rate_limit_error" } }, "provider_rate_limited"],
      [{ error: { message: "m", code: "insufficient_quota" } }, "provider_rate_limited"],
      [{ error: { message: "m", code: 429 } }, "provider_rate_limited"],
      [{ error: { message: "m", type: "invalid_request_error", param: "x" } }, "provider_rejected"],
      [{ error: "it broke" }, "provider_error"],
      [{ error: {} }, "provider_error"],
    ];
    for (const [chunk, code] of codes) assert.throws(() => stream(chunk), { code });
  });
});
