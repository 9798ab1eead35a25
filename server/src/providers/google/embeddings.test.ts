import assert from "node:assert/strict";
import { test } from "node:test";
import type { EmbeddingInput, EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import { createEmbedContentCodec } from "./embeddings.ts";

const codec = createEmbedContentCodec([]);

function encode(input: readonly EmbeddingInput[], more: Partial<EmbeddingRequest> = {}): [string, unknown] {
  const { path, body } = codec.encode({ model: "gemini-embedding-001", input, encoding: "float", ...more });
  return [path, JSON.parse(body ?? "")];
}

const text = (value: string): EmbeddingInput => ({ kind: "text", text: value });
const native: EmbeddingInput = {
  kind: "native",
  family: "google",
  path: "requests[1].taskType",
  value: { content: { parts: [{ text: "b" }] }, taskType: "RETRIEVAL_QUERY" },
};

test("one input asks for one vector, several for a batch, each naming the model", () => {
  const model = "models/gemini-embedding-001";
  const one = { model, outputDimensionality: 8, content: { parts: [{ text: "a" }] } };
  assert.deepEqual(encode([text("a")], { dimensions: 8 }), [`/v1beta/${model}:embedContent`, one]);
  assert.deepEqual(encode([text("a"), native], { dimensions: 8 }), [
    `/v1beta/${model}:batchEmbedContents`,
    {
      requests: [
        one,
        { model, outputDimensionality: 8, content: { parts: [{ text: "b" }] }, taskType: "RETRIEVAL_QUERY" },
      ],
    },
  ]);
});

test("what Google cannot carry is refused by name", () => {
  assert.throws(() => encode([{ kind: "tokens", tokens: [1] }]), { code: "unsupported_field", param: "input[0]" });
  const extra = { family: "openai", fields: { truncate: true } } as const;
  assert.throws(() => encode([text("a")], { extra }), { code: "unsupported_field", param: "truncate" });
});

test("vectors and usage are read from both answers, and an answer with too few is an error", () => {
  const usage = { input: 4, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
  const usageMetadata = { promptTokenCount: 4 };
  const one = JSON.stringify({ embedding: { values: [1, 2] }, usageMetadata });
  assert.deepEqual(codec.decode(one, 1), { model: undefined, vectors: [[1, 2]], usage });
  const two = JSON.stringify({ embeddings: [{ values: [1] }, { values: [2] }] });
  assert.deepEqual(codec.decode(two, 2), { model: undefined, vectors: [[1], [2]], usage: undefined });
  for (const body of [two, "{}", '{"embeddings":[{"values":[]},{},{}]}', '{"embeddings":[1,2,3]}', "<html>"])
    assert.throws(() => codec.decode(body, 3), { code: "provider_error" }, body);
});
