import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Message, type ModelRequest, type ToolDefinition, textResult } from "@slipway/contracts/model/request.ts";
import { answerOf, ask, errorOf } from "../conformance/collect.ts";
import { createMock } from "./provider.ts";

const mock = createMock();

function user(text: string): Message {
  return { role: "user", content: [{ type: "text", text }] };
}

function request(more: Partial<ModelRequest>): ModelRequest {
  return { model: "anything/at-all", messages: [user("Hello there")], tools: [], stream: true, ...more };
}

function tool(
  name: string,
  properties: Record<string, unknown>,
  required: readonly string[] = Object.keys(properties),
): ToolDefinition {
  return { name, parameters: { type: "object", properties, required } };
}

async function callOf(
  text: string,
  tools: readonly ToolDefinition[],
  more: Partial<ModelRequest> = {},
): Promise<unknown> {
  const { toolCalls } = await answerOf(mock, request({ messages: [user(text)], tools, ...more }));
  const [call] = toolCalls;
  return call ? { [call.name]: JSON.parse(call.arguments) as unknown } : undefined;
}

describe("text", () => {
  test("repeats what the user said last, under any model's name, word by word", async () => {
    const { events } = await ask(mock, request({ messages: [user("first"), user("one  two\nthree")] }));
    const texts = events.flatMap((event) => (event.type === "text" ? event.text : []));
    assert.deepEqual(texts, ["Mock ", "answer ", "to: ", "one  ", "two\n", "three"]);
    assert.deepEqual(events[0]?.type === "start" ? events[0].model : "", "anything/at-all");
  });

  test("is the same for the same request, streamed or not, and has another id for another request", async () => {
    const once = await ask(mock, request({}));
    assert.deepEqual(await ask(mock, request({})), once);
    assert.deepEqual((await ask(mock, request({ stream: false }))).events, once.events);
    const other = await answerOf(mock, request({ messages: [user("Hello you")] }));
    assert.notEqual(other.id, (await answerOf(mock, request({}))).id);
  });

  test("is bounded, however much the user says", async () => {
    const answer = await answerOf(mock, request({ messages: [user("x".repeat(1_000_000))] }));
    assert.equal(answer.text.length, "Mock answer to: ".length + 4_000);
  });

  test("stops at a stop sequence and at the bound of tokens", async () => {
    const stopped = await answerOf(mock, request({ stop: ["there", ""] }));
    assert.deepEqual([stopped.text, stopped.finishReason], ["Mock answer to: Hello ", "stop"]);
    const cut = await answerOf(mock, request({ maxOutputTokens: 2 }));
    assert.deepEqual([cut.text, cut.finishReason, cut.usage?.output], ["Mock ans", "length", 2]);
  });

  test("counts a quarter of the characters as tokens", async () => {
    const { usage } = await answerOf(
      mock,
      request({ messages: [{ role: "system", content: [{ type: "text", text: "12345" }] }, user("1234")] }),
    );
    assert.deepEqual(usage, { input: 3, cachedRead: 0, cacheWrite: 0, output: 5, reasoning: 0 });
  });
});

describe("tools", () => {
  const order = tool("order_status", { order: { type: "string", pattern: "^[A-Z]-[0-9]{4}$" } });
  const clock = tool("clock", { zone: { type: "string" } });

  test("are called when the user names one or says what a pattern asks for, and not otherwise", async () => {
    assert.deepEqual(await callOf("what does the clock say", [order, clock]), {
      clock: { zone: "what does the clock say" },
    });
    assert.deepEqual(await callOf("Order Status please", [clock, order]), {
      order_status: { order: "Order Status please" },
    });
    assert.deepEqual(await callOf("where is A-1042 now?", [clock, order]), { order_status: { order: "A-1042" } });
    assert.equal(await callOf("hello", [clock, order]), undefined);
  });

  test("are called, or not, as the tool choice says", async () => {
    assert.deepEqual(await callOf("hello", [clock, order], { toolChoice: "required" }), { clock: { zone: "hello" } });
    assert.deepEqual(await callOf("hello", [clock, order], { toolChoice: { name: "order_status" } }), {
      order_status: { order: "hello" },
    });
    assert.equal(await callOf("the clock", [clock], { toolChoice: "none" }), undefined);
    const error = await errorOf(mock, request({ tools: [clock], toolChoice: { name: "nothing" } }));
    assert.deepEqual([error.code, error.param], ["invalid_request", "toolChoice"]);
  });

  test("get arguments after their schema", async () => {
    const everything = tool(
      "everything",
      {
        text: { type: "string", maxLength: 10 },
        color: { enum: ["red", "blue"] },
        fixed: { const: 7 },
        count: { type: "integer" },
        price: { type: "number", maximum: 20 },
        sure: { type: "boolean" },
        list: { type: "array", items: { type: "object", properties: { n: { type: "number" } }, required: ["n"] } },
        either: { anyOf: [{ type: "null" }, { type: "boolean" }] },
        maybe: { type: ["null", "string"], maxLength: 3 },
        linked: { $ref: "#/$defs/size" },
        merged: { allOf: [{ type: "object", properties: { a: { const: 1 } } }, { required: ["a"] }] },
        optional: { type: "string" },
        code: { type: "string", pattern: "[A-Z]{3}\\d" },
      },
      ["text", "color", "fixed", "count", "price", "sure", "list", "either", "maybe", "linked", "merged"],
    );
    const parameters = { ...everything.parameters, $defs: { size: { type: "integer", minimum: 40 } } };
    assert.deepEqual(await callOf("everything about 12.5 and ABC1", [{ ...everything, parameters }]), {
      everything: {
        text: "everything",
        color: "red",
        fixed: 7,
        count: 12,
        price: 12.5,
        sure: true,
        list: [{ n: 12.5 }],
        either: true,
        maybe: "eve",
        linked: 40,
        merged: { a: 1 },
        code: "ABC1",
      },
    });
    const numbers = tool("numbers", { a: { type: "number" }, b: { type: "number", minimum: 3 } });
    assert.deepEqual(await callOf("numbers", [numbers]), { numbers: { a: 1, b: 3 } });
  });

  test("are not called again after they answered", async () => {
    const messages: Message[] = [
      user("A-1042?"),
      { role: "assistant", content: [{ type: "tool_call", id: "c1", name: "order_status", arguments: "{}" }] },
      { role: "tool", content: [{ type: "tool_result", toolCallId: "c1", content: textResult("shipped") }] },
      {
        role: "tool",
        content: [{ type: "tool_result", toolCallId: "c2", name: "clock", content: textResult("noon") }],
      },
    ];
    const answer = await answerOf(
      mock,
      request({ messages: messages.slice(0, 3), tools: [order], toolChoice: "required" }),
    );
    assert.equal(answer.text, "The tool order_status answered: shipped");
    assert.equal((await answerOf(mock, request({ messages, tools: [order] }))).text, "The tool clock answered: noon");
  });

  test("a schema that never ends, and a pattern that takes forever, are survived", async () => {
    const endless = tool("endless", { next: { $ref: "#" } });
    assert.ok(await callOf("endless", [endless]));
    const slow = tool("slow", { text: { type: "string", pattern: "^(a+)+b$" } });
    // Its own time at work: on a busy machine the clock goes on without it. Without the bound it would be hours.
    const started = process.threadCpuUsage();
    const text = `slow ${"a".repeat(40)}!`;
    await callOf(text, [slow]);
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, n) => [`p${n}`, { type: "string", pattern: `(a+)+${n}b` }]),
    );
    await callOf(text, [tool("slow", many)]);
    await callOf(`slow ${"a".repeat(200)}`, [tool("slow", { text: { type: "string", pattern: "(" } })]);
    const { user, system } = process.threadCpuUsage(started);
    assert.ok(user + system < 3_000_000, `${user + system} µs`);
  });
});

describe("JSON", () => {
  test("is an instance of the schema, as text", async () => {
    const schema = {
      type: "object",
      properties: { name: { type: "string" }, age: { type: "integer" } },
      required: ["name", "age"],
    };
    const answer = await answerOf(
      mock,
      request({ messages: [user("Ada, 36")], responseFormat: { type: "json_schema", name: "person", schema } }),
    );
    assert.deepEqual(JSON.parse(answer.text), { name: "Ada, 36", age: 36 });
    const free = await answerOf(mock, request({ responseFormat: { type: "json_object" } }));
    assert.deepEqual(JSON.parse(free.text), { answer: "Mock answer to: Hello there" });
  });
});

describe("the call", () => {
  test("waits between the pieces of a stream, and only of a stream", async () => {
    const slow = createMock({ tokenDelayMs: 20 });
    const started = Date.now();
    await answerOf(slow, request({}));
    assert.ok(Date.now() - started >= 90);
    // One pause would be longer than the call may take.
    await answerOf(createMock({ tokenDelayMs: 60_000 }), request({ stream: false }));
  });

  test("can be aborted, paused and resumed, and ends at its deadline", async () => {
    const slow = createMock({ tokenDelayMs: 10 });
    const heard: string[] = [];
    const call = slow.call(
      request({}),
      { requestId: "r", traceparent: "", deadline: Date.now() + 5_000 },
      {
        event: (event) => heard.push(event.type),
        end: () => heard.push("end"),
        fail: () => heard.push("fail"),
      },
    );
    await new Promise((resolve) => setTimeout(resolve, 25));
    call.pause();
    const paused = heard.length;
    assert.ok(paused > 0);
    await new Promise((resolve) => setTimeout(resolve, 40));
    assert.equal(heard.length, paused);
    call.resume();
    await new Promise((resolve) => setTimeout(resolve, 15));
    assert.ok(heard.length > paused);
    call.abort();
    const aborted = heard.length;
    await new Promise((resolve) => setTimeout(resolve, 40));
    assert.equal(heard.length, aborted);
    assert.equal((await errorOf(slow, request({}), { deadlineMs: 25 })).code, "provider_timeout");
  });

  test("says that it is a mock and which model it has", async () => {
    assert.equal(mock.mock, true);
    assert.deepEqual(await mock.listModels(1_000), ["mock-1"]);
  });
});
