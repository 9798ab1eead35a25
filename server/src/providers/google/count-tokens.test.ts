import assert from "node:assert/strict";
import { test } from "node:test";
import { createCountTokensCodec } from "./count-tokens.ts";

const codec = createCountTokensCodec([]);

test("the whole request is counted, tools and system instruction included", () => {
  const { path, body } = codec.encode({
    model: "gemini-3-pro",
    messages: [
      { role: "system", content: [{ type: "text", text: "Be brief." }] },
      { role: "user", content: [{ type: "text", text: "Hello" }] },
    ],
    tools: [{ name: "t", parameters: { type: "object" } }],
    stream: false,
  });
  assert.equal(path, "/v1beta/models/gemini-3-pro:countTokens");
  assert.deepEqual(JSON.parse(body ?? ""), {
    generateContentRequest: {
      model: "models/gemini-3-pro",
      contents: [{ role: "user", parts: [{ text: "Hello" }] }],
      systemInstruction: { parts: [{ text: "Be brief." }] },
      tools: [{ functionDeclarations: [{ name: "t", parametersJsonSchema: { type: "object" } }] }],
    },
  });
});

test("a count is read, and anything else is an error", () => {
  assert.equal(codec.decode('{"totalTokens":31,"promptTokensDetails":[]}'), 31);
  assert.equal(codec.decode("{}"), 0);
  for (const body of ["[]", '{"totalTokens":"31"}', "<html>"])
    assert.throws(() => codec.decode(body), { code: "provider_error" }, body);
});
