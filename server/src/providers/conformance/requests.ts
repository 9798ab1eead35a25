import { type ModelRequest, textResult } from "@slipway/contracts/model/request.ts";

/** The least that can be asked. */
export function plainRequest(stream: boolean, text = "Say hello."): ModelRequest {
  return { model: "the-model", messages: [{ role: "user", content: [{ type: "text", text }] }], tools: [], stream };
}

/** One request with everything that all wire formats can carry. What becomes of it stands in each vendor's `request.json`. */
export const FULL_REQUEST: ModelRequest = {
  model: "the-model",
  messages: [
    { role: "system", content: [{ type: "text", text: "Be brief." }] },
    { role: "system", content: [{ type: "text", text: "Answer in German." }] },
    {
      role: "user",
      content: [
        { type: "text", text: "What is this?" },
        { type: "image", source: { kind: "base64", mediaType: "image/png", data: "iVBORw0KGgo=" } },
        { type: "image", source: { kind: "url", url: "https://example.com/cat.jpg" } },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "reasoning", text: "Hm.", signature: "sig" },
        { type: "text", text: "Let me look." },
        { type: "tool_call", id: "call_1", name: "order_status", arguments: '{"order":"A-1"}' },
        { type: "tool_call", id: "call_2", name: "now", arguments: "" },
      ],
    },
    { role: "tool", content: [{ type: "tool_result", toolCallId: "call_1", content: textResult("shipped") }] },
    {
      role: "tool",
      content: [{ type: "tool_result", toolCallId: "call_2", content: textResult("no clock"), isError: true }],
    },
  ],
  tools: [
    {
      name: "order_status",
      description: "Finds an order.",
      parameters: { type: "object", properties: { order: { type: "string" } }, required: ["order"] },
      strict: true,
    },
    { name: "now", parameters: { type: "object", properties: {} } },
  ],
  toolChoice: { name: "order_status" },
  maxOutputTokens: 200,
  temperature: 0.5,
  topP: 0.9,
  stop: ["END"],
  responseFormat: {
    type: "json_schema",
    name: "order",
    schema: {
      type: "object",
      properties: { state: { type: "string" } },
      required: ["state"],
      additionalProperties: false,
    },
    strict: true,
  },
  stream: true,
};
