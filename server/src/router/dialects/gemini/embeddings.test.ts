import assert from "node:assert/strict";
import { test } from "node:test";
import { geminiBatchEmbedContents, geminiEmbedContent } from "./embeddings.ts";

const HEAD = { url: "/v1beta/models/m:batchEmbedContents", headers: {} };
const content = (...texts: string[]) => ({ parts: texts.map((text) => ({ text })) });
const batch = (...requests: unknown[]) => geminiBatchEmbedContents.decode({ requests }, HEAD);

test("plain texts are plain inputs; what says more is Google's own, and named", () => {
  assert.deepEqual(
    batch(
      { model: "models/m", content: content("a"), outputDimensionality: 8 },
      { content: { role: "user", ...content("b") }, output_dimensionality: 8, task_type: "CLUSTERING" },
      { content: content("c", "d"), outputDimensionality: 8 },
    ),
    {
      model: "m",
      input: [
        { kind: "text", text: "a" },
        {
          kind: "native",
          family: "google",
          path: "requests[1].taskType",
          value: { taskType: "CLUSTERING", content: { role: "user", ...content("b") } },
        },
        { kind: "native", family: "google", path: "requests[2].content.parts", value: { content: content("c", "d") } },
      ],
      encoding: "float",
      dimensions: 8,
    },
  );
  const single = geminiEmbedContent.decode(
    { content: content("a"), title: "T" },
    { url: "/v1/models/m:embedContent", headers: {} },
  );
  assert.equal(single.input[0]?.kind === "native" && single.input[0].path, "title");
});

test("what makes no sense is refused by name", () => {
  const refused: [unknown[], string, string][] = [
    [[], "invalid_request", "requests"],
    [[{ content: { parts: [] } }], "invalid_request", "requests[0].content.parts"],
    [[{}], "invalid_request", "requests[0].content"],
    [[{ model: "models/other", content: content("a") }], "invalid_request", "requests[0].model"],
    [
      [{ content: content("a") }, { content: content("b"), outputDimensionality: 8 }],
      "unsupported_field",
      "requests[1].outputDimensionality",
    ],
  ];
  for (const [requests, code, param] of refused) assert.throws(() => batch(...requests), { code, param });
});
