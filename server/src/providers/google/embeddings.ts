import type { EmbeddingAnswer, EmbeddingInput, EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import { isObject } from "#lib/shape.ts";
import type { EmbeddingCodec } from "../codec.ts";
import { arrayOf, countOf, objectOf, parseAnswer } from "../wire/json.ts";
import { extraFields, unsupported } from "../wire/unsupported.ts";
import { missingVectors, readVector } from "../wire/vectors.ts";
import { modelPath } from "./encode.ts";

type Wire = Record<string, unknown>;

/** Google's own bound: "at most 100 requests can be in one batch" is what it answers to more. */
const MAX_INPUTS = 100;

function encodeInput(input: EmbeddingInput, index: number): Wire {
  switch (input.kind) {
    case "text":
      return { content: { parts: [{ text: input.text }] } };
    case "tokens":
      throw unsupported("google", `input[${index}]`, "Google takes text, not tokens of another vendor's vocabulary.");
    case "native":
      if (input.family === "google") return input.value;
      throw unsupported("google", input.path, `It is of the ${input.family} API; leave it out.`);
  }
}

function encodeRequests(request: EmbeddingRequest, model: string): Wire[] {
  const dimensions = request.dimensions === undefined ? {} : { outputDimensionality: request.dimensions };
  return request.input.map((input, index) => ({ model, ...dimensions, ...encodeInput(input, index) }));
}

function decodeBody(body: string, count: number): EmbeddingAnswer {
  const answer = parseAnswer("google", body);
  const entries = answer["embedding"] === undefined ? arrayOf(answer["embeddings"]) : [answer["embedding"]];
  const vectors = entries.map((entry) => readVector("google", objectOf(entry)["values"]));
  if (vectors.length !== count) throw missingVectors("google");
  const { usageMetadata } = answer;
  const tokens = isObject(usageMetadata) ? countOf(usageMetadata["promptTokenCount"]) : 0;
  return {
    model: undefined,
    vectors,
    usage: tokens === 0 ? undefined : { input: tokens, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 },
  };
}

/** `embedContent` for one input, `batchEmbedContents` for more (https://ai.google.dev/api/embeddings). */
export function createEmbedContentCodec(headers: readonly string[]): EmbeddingCodec {
  return {
    maxInputs: MAX_INPUTS,
    encode(request) {
      const path = modelPath(request.model);
      const extra = extraFields(request, "google", "google");
      const requests = encodeRequests(request, decodeURIComponent(path));
      const [only, ...more] = requests;
      const single = more.length === 0;
      return {
        method: "POST",
        path: `/v1beta/${path}:${single ? "embedContent" : "batchEmbedContents"}`,
        headers,
        body: JSON.stringify({ ...extra, ...(single ? only : { requests }) }),
      };
    },
    decode: decodeBody,
  };
}
