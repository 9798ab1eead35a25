import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import * as fc from "fast-check";
import { asBase64, asNumbers } from "../vectors.ts";
import { openaiEmbeddings } from "./dialect.ts";

const HEAD = { url: "/v1/embeddings", headers: {} };
const read = (body: unknown) => openaiEmbeddings.decode(body, HEAD);

test("one text, a list of texts, tokens and a list of tokens are read", () => {
  const inputs = (input: unknown): unknown => read({ model: "m", input }).input;
  assert.deepEqual(inputs("a"), [{ kind: "text", text: "a" }]);
  assert.deepEqual(inputs(["a", "b"]), [
    { kind: "text", text: "a" },
    { kind: "text", text: "b" },
  ]);
  assert.deepEqual(inputs([1, 2]), [{ kind: "tokens", tokens: [1, 2] }]);
  assert.deepEqual(inputs([[1], [2, 3]]), [
    { kind: "tokens", tokens: [1] },
    { kind: "tokens", tokens: [2, 3] },
  ]);
  assert.deepEqual(
    read({ model: "m", input: "a", dimensions: 8, encoding_format: "base64", user: "u", x: 1, y: null }),
    {
      model: "m",
      input: [{ kind: "text", text: "a" }],
      encoding: "base64",
      dimensions: 8,
      endUser: "u",
      extra: { family: "openai", fields: { x: 1 } },
    },
  );
});

for (const [name, body, param] of [
  ["a body that is no object", [], "body"],
  ["a missing model", { input: "a" }, "model"],
  ["missing input", { model: "m" }, "input"],
  ["an empty text", { model: "m", input: "" }, "input"],
  ["an empty list", { model: "m", input: [] }, "input"],
  ["too many inputs", { model: "m", input: Array.from({ length: 2049 }, () => "a") }, "input"],
  ["an empty text among others", { model: "m", input: ["a", ""] }, "input[1]"],
  ["a token that is none", { model: "m", input: [1, -1] }, "input[1]"],
  ["an empty list of tokens", { model: "m", input: [[1], []] }, "input[1]"],
  ["dimensions of 0", { model: "m", input: "a", dimensions: 0 }, "dimensions"],
  ["an unknown encoding", { model: "m", input: "a", encoding_format: "hex" }, "encoding_format"],
] as const) {
  test(`${name} is invalid and named`, () => {
    assert.throws(() => read(body), { code: "invalid_request", param });
  });
}

test("whatever JSON comes, it is read or refused with a status of the 400s", () => {
  const body = fc.record(
    { model: fc.jsonValue(), input: fc.jsonValue(), dimensions: fc.jsonValue() },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(body, fc.jsonValue()), (value) => {
      try {
        read(value);
      } catch (error) {
        assert.ok(error instanceof SlipwayError && error.status >= 400 && error.status < 500, String(error));
      }
    }),
  );
});

test("vectors are the same as numbers and as base64", () => {
  fc.assert(
    fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 1 }), (numbers) => {
      assert.deepEqual(asNumbers(asBase64(numbers)), numbers);
    }),
  );
  // As OpenAI's documentation and its clients read them: 32-bit floats, least significant byte first.
  assert.equal(asBase64([1, -2]), Buffer.from(new Float32Array([1, -2]).buffer).toString("base64"));
});

test("an answer is a list in the order of the inputs, in the encoding that was asked for", () => {
  const usage = { input: 3, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
  const answer = { model: undefined, vectors: [[1], "AAAAwA=="], usage };
  const request = read({ model: "m", input: ["a", "b"] });
  assert.deepEqual(openaiEmbeddings.encode(answer, request), {
    object: "list",
    data: [
      { object: "embedding", index: 0, embedding: [1] },
      { object: "embedding", index: 1, embedding: [-2] },
    ],
    model: "m",
    usage: { prompt_tokens: 3, total_tokens: 3 },
  });
  const encoded = openaiEmbeddings.encode(answer, { ...request, encoding: "base64" }) as {
    data: { embedding: string }[];
  };
  assert.deepEqual(
    encoded.data.map(({ embedding }) => embedding),
    ["AACAPw==", "AAAAwA=="],
  );
});
