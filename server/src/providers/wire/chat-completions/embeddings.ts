import type { EmbeddingAnswer, EmbeddingInput, EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import { isObject } from "#lib/shape.ts";
import type { EmbeddingCodec } from "../../codec.ts";
import { arrayOf, countOf, objectOf, parseAnswer, textOf } from "../json.ts";
import { extraFields, unsupported } from "../unsupported.ts";
import { missingVectors, readVector } from "../vectors.ts";
import type { ChatCompletionsOptions } from "./options.ts";

type Wire = Record<string, unknown>;

/** Inputs of one request, as OpenAI bounds them (https://platform.openai.com/docs/api-reference/embeddings/create). */
const MAX_INPUTS = 2_048;

function encodeInput(input: EmbeddingInput, provider: string): unknown {
  switch (input.kind) {
    case "text":
      return input.text;
    case "tokens":
      return input.tokens;
    case "native":
      throw unsupported(
        provider,
        input.path,
        `It is of the ${input.family} API; leave it out or choose a model that speaks this API.`,
      );
  }
}

function encodeBody(request: EmbeddingRequest, options: ChatCompletionsOptions): string {
  const { provider } = options;
  const input = request.input.map((item) => encodeInput(item, provider));
  const [only] = input;
  const body: Wire = {
    ...extraFields(request, "openai", provider),
    model: request.model,
    input: input.length === 1 ? only : input,
  };
  if (request.dimensions !== undefined) body["dimensions"] = request.dimensions;
  if (request.endUser !== undefined) body["user"] = request.endUser;
  // A third of the bytes, and nothing to parse. Other servers may know no such field; what they send is turned here.
  if (request.encoding === "base64" && options.knowsBase64 === true) body["encoding_format"] = "base64";
  return JSON.stringify(body);
}

function decodeBody(body: string, count: number, provider: string): EmbeddingAnswer {
  const answer = parseAnswer(provider, body);
  const vectors = Array.from<EmbeddingAnswer["vectors"][number] | undefined>({ length: count });
  arrayOf(answer["data"]).forEach((entry, place) => {
    const { index, embedding } = objectOf(entry);
    const at = typeof index === "number" ? index : place;
    if (!(at in vectors)) throw missingVectors(provider);
    vectors[at] = readVector(provider, embedding);
  });
  const found = vectors.filter((vector) => vector !== undefined);
  if (found.length !== count) throw missingVectors(provider);
  const { usage } = answer;
  const tokens = isObject(usage) ? countOf(usage["prompt_tokens"]) || countOf(usage["total_tokens"]) : 0;
  return {
    model: textOf(answer["model"]),
    vectors: found,
    usage: tokens === 0 ? undefined : { input: tokens, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 },
  };
}

/** OpenAI's Embeddings API, as OpenAI itself and those who copied it speak it. */
export function createEmbeddingsCodec(options: ChatCompletionsOptions, headers: readonly string[]): EmbeddingCodec {
  return {
    maxInputs: MAX_INPUTS,
    encode: (request) => ({ method: "POST", path: "/embeddings", headers, body: encodeBody(request, options) }),
    decode: (body, count) => decodeBody(body, count, options.provider),
  };
}
