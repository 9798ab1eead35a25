import assert from "node:assert/strict";
import { test } from "node:test";
import type { EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import { createEmbeddingsCodec } from "./embeddings.ts";

const OPTIONS = { provider: "p", maxTokensField: "max_tokens", returnsReasoning: true } as const;
const openai = createEmbeddingsCodec({ ...OPTIONS, knowsBase64: true }, []);
const compatible = createEmbeddingsCodec(OPTIONS, []);

function encode(request: Partial<EmbeddingRequest>, codec = openai): unknown {
  const input = [{ kind: "text", text: "a" }] as const;
  return JSON.parse(codec.encode({ model: "m", input, encoding: "float", ...request }).body ?? "");
}

test("text, tokens and lists of them travel as they came, with the fields that we do not know", () => {
  assert.deepEqual(encode({}), { model: "m", input: "a" });
  assert.deepEqual(encode({ input: [{ kind: "tokens", tokens: [1, 2] }] }), { model: "m", input: [1, 2] });
  const input = [
    { kind: "text", text: "a" },
    { kind: "tokens", tokens: [3] },
  ] as const;
  const extra = { family: "openai", fields: { truncate_prompt_tokens: 1 } } as const;
  assert.deepEqual(encode({ input, dimensions: 8, endUser: "u", extra }), {
    model: "m",
    input: ["a", [3]],
    dimensions: 8,
    user: "u",
    truncate_prompt_tokens: 1,
  });
});

test("base64 is asked of OpenAI itself only", () => {
  assert.deepEqual(encode({ encoding: "base64" }), { model: "m", input: "a", encoding_format: "base64" });
  assert.deepEqual(encode({ encoding: "base64" }, compatible), { model: "m", input: "a" });
});

test("what is of another family is refused by name", () => {
  const native = { kind: "native", family: "google", path: "requests[0].taskType", value: {} } as const;
  assert.throws(() => encode({ input: [native] }), { code: "unsupported_field", param: "requests[0].taskType" });
});

test("vectors are put in the order of the inputs, numbers or base64", () => {
  const data = [
    { index: 1, embedding: "AACAPw==" },
    { index: 0, embedding: [0.5] },
  ];
  const answer = openai.decode(JSON.stringify({ data, model: "m-1", usage: { prompt_tokens: 3, total_tokens: 3 } }), 2);
  assert.deepEqual(answer, {
    model: "m-1",
    vectors: [[0.5], "AACAPw=="],
    usage: { input: 3, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 },
  });
});

test("an answer without a vector for each input is an error", () => {
  for (const data of [
    [],
    [{ index: 0, embedding: [1] }],
    [
      { index: 0, embedding: [1] },
      { index: 0, embedding: [1] },
    ],
    [
      { index: 0, embedding: [1] },
      { index: 2, embedding: [1] },
    ],
    [
      { index: 0, embedding: [1] },
      { index: 1, embedding: ["1"] },
    ],
    [
      { index: 0, embedding: [1] },
      { index: 1, embedding: "AAA=" },
    ],
    [{ index: 0, embedding: [1] }, null],
  ])
    assert.throws(() => openai.decode(JSON.stringify({ data }), 2), { code: "provider_error" }, JSON.stringify(data));
});
