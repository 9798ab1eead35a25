import assert from "node:assert/strict";
import type { ModelAnswer } from "@slipway/contracts/model/fold.ts";
import { type Message, type ModelRequest, type ToolDefinition, textResult } from "@slipway/contracts/model/request.ts";

/** One question that every provider must answer the same, our mock among them. */
export interface AnswerCase {
  readonly name: string;
  readonly request: Omit<ModelRequest, "stream">;
  check(answer: ModelAnswer): void;
}

const ORDER_STATUS: ToolDefinition = {
  name: "order_status",
  description: "Finds an order.",
  parameters: {
    type: "object",
    properties: { order: { type: "string", pattern: "^[A-Z]-[0-9]+$" } },
    required: ["order"],
  },
};

function user(text: string): Message {
  return { role: "user", content: [{ type: "text", text }] };
}

function system(text: string): Message {
  return { role: "system", content: [{ type: "text", text }] };
}

function checkUsage(answer: ModelAnswer): void {
  assert.ok(answer.usage);
  assert.ok(answer.usage.input > 0 && answer.usage.output > 0);
}

export const ANSWER_CASES: readonly AnswerCase[] = [
  {
    name: "text, with a system prompt in two messages",
    request: {
      model: "the-model",
      tools: [],
      messages: [system("Be brief."), system("Answer in German."), user("Grüße 👋🏽")],
    },
    check(answer) {
      assert.equal(answer.text, "Mock answer to: Grüße 👋🏽");
      assert.equal(answer.finishReason, "stop");
      checkUsage(answer);
    },
  },
  {
    name: "a tool call",
    request: { model: "the-model", tools: [ORDER_STATUS], messages: [user("Where is A-1042?")] },
    check(answer) {
      assert.equal(answer.finishReason, "tool_calls");
      const [call] = answer.toolCalls;
      assert.ok(call && call.id !== "");
      assert.deepEqual([call.name, JSON.parse(call.arguments)], ["order_status", { order: "A-1042" }]);
      checkUsage(answer);
    },
  },
  {
    name: "a tool result",
    request: {
      model: "the-model",
      tools: [ORDER_STATUS],
      messages: [
        user("Where is A-1042?"),
        {
          role: "assistant",
          content: [{ type: "tool_call", id: "call_1", name: "order_status", arguments: '{"order":"A-1042"}' }],
        },
        { role: "tool", content: [{ type: "tool_result", toolCallId: "call_1", content: textResult("shipped") }] },
      ],
    },
    check(answer) {
      assert.equal(answer.text, "The tool order_status answered: shipped");
      assert.equal(answer.finishReason, "stop");
    },
  },
  {
    name: "a bound of output tokens",
    request: { model: "the-model", tools: [], messages: [user("cut me short")], maxOutputTokens: 1 },
    check(answer) {
      assert.equal(answer.text, "Mock");
      assert.equal(answer.finishReason, "length");
    },
  },
  {
    name: "images, given as data and as address",
    request: {
      model: "the-model",
      tools: [],
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "describe the cat" },
            { type: "image", source: { kind: "base64", mediaType: "image/png", data: "iVBORw0KGgo=" } },
            { type: "image", source: { kind: "url", url: "https://example.com/cat.png" } },
          ],
        },
      ],
    },
    check: (answer) => assert.equal(answer.text, "Mock answer to: describe the cat"),
  },
];
