import assert from "node:assert/strict";
import { test } from "node:test";
import { createInputTokensCodec } from "./input-tokens.ts";

const codec = createInputTokensCodec({
  provider: "openai",
  apiKey: "k",
  maxTokensField: "max_completion_tokens",
  returnsReasoning: false,
  endUserField: "safety_identifier",
  knowsBase64: true,
});

test("the prompt is sent with its tools and its format, and nothing else", () => {
  const { path, body } = codec.encode({
    model: "gpt-5-mini",
    messages: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
    tools: [{ name: "t", parameters: { type: "object" } }],
    responseFormat: { type: "json_object" },
    temperature: 1,
    seed: 1,
    stop: ["x"],
    maxOutputTokens: 5,
    endUser: "ada",
    stream: true,
  });
  assert.equal(path, "/responses/input_tokens");
  assert.deepEqual(Object.keys(JSON.parse(body ?? "") as object).toSorted(), ["input", "model", "text", "tools"]);
});

test("a count is read, and anything else is an error", () => {
  assert.equal(codec.decode('{"object":"response.input_tokens","input_tokens":11}'), 11);
  for (const body of ["[]", "{}", '{"input_tokens":"11"}', '{"input_tokens":-1}', "<html>"])
    assert.throws(() => codec.decode(body), { code: "provider_error" }, body);
});
