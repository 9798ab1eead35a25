import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import { answerKey } from "./answer-key.ts";
import { master, question } from "./testing.ts";

test("whatever may change the answer is another question; whether it streams and the order of fields are not", () => {
  const target = { provider: "p", model: "m" };
  const key = (request: ModelRequest, tenantId = "t", to = target): string =>
    answerKey(master.fingerprinting, tenantId, to, request);
  const extra = (fields: Record<string, unknown>) => ({ extra: { family: "openai" as const, fields } });
  const schema = (...names: string[]) => ({
    name: "f",
    parameters: { type: "object", properties: Object.fromEntries(names.map((name) => [name, {}])) },
  });
  const base = key(question("hi"));
  const others = [
    key(question("Hi")),
    key(question("hi"), "u"),
    key(question("hi"), "t", { provider: "q", model: "m" }),
    key(question("hi"), "t", { provider: "p", model: "n" }),
    key(question("hi", { model: "alias" })),
    key(question("hi", { temperature: 0 })),
    key(question("hi", { seed: 1 })),
    key(question("hi", { maxOutputTokens: 5 })),
    key(question("hi", { topK: 5 })),
    key(question("hi", { responseFormat: { type: "json_object" } })),
    key(question("hi", { endUser: "x" })),
    key(question("hi", { tools: [schema("a", "b")] })),
    // A model fills the fields of a schema in their order.
    key(question("hi", { tools: [schema("b", "a")] })),
    key(question("hi", extra({ logit_bias: { 1: 2 } }))),
    key(question("hi", { ...extra({ logit_bias: { 1: 2 } }), seed: 1 })),
    // `anthropic-beta` switches on what a model may do; it may come without a field.
    key(question("hi", { extra: { family: "anthropic", fields: {} } })),
    key(question("hi", { extra: { family: "anthropic", fields: {}, headers: ["anthropic-beta", "a"] } })),
    key(question("hi", { extra: { family: "anthropic", fields: {}, headers: ["anthropic-beta", "b"] } })),
  ];
  assert.equal(new Set([base, ...others]).size, others.length + 1);
  assert.equal(key(question("hi", { stream: false })), base);
  assert.equal(key({ tools: [], stream: true, messages: question("hi").messages, model: "m" }), base);
  assert.equal(key(question("hi", extra({ a: 1, b: 2 }))), key(question("hi", extra({ b: 2, a: 1 }))));
  assert.notEqual(answerKey(Buffer.alloc(32), "t", target, question("hi")), base, "the pepper counts");
});
