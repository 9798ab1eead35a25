import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { EmbeddingInput, EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import { asArray, asString, integerFrom, type JsonObject, optional } from "#lib/shape.ts";
import type { EmbeddingDialect } from "../embedding-dialect.ts";
import { asNumbers, MAX_EMBEDDING_INPUTS, wrongInputs } from "../vectors.ts";
import { fieldsOf, otherFields } from "./fields.ts";
import { modelName, readTarget } from "./path.ts";

const READ = new Set(["model", "content", "outputDimensionality"]);

/** The text of a content that is nothing but one text; undefined for any other. */
function plainText(content: JsonObject, path: string): string | undefined {
  const [only, ...more] = asArray(content["parts"], `${path}.parts`);
  if (only === undefined) {
    throw new SlipwayError("invalid_request", `\`${path}.parts\` must hold at least one part.`, {
      param: `${path}.parts`,
    });
  }
  const part = fieldsOf(only, `${path}.parts[0]`);
  if (more.length > 0 || Object.keys(part).length !== 1 || part["text"] === undefined) return undefined;
  return asString(part["text"], `${path}.parts[0].text`);
}

interface DecodedInput {
  readonly input: EmbeddingInput;
  readonly dimensions: number | undefined;
}

function decodeInput(value: unknown, path: string, model: string): DecodedInput {
  const fields = fieldsOf(value, path || "body");
  const place = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const named = optional(fields["model"], place("model"), asString);
  if (named !== undefined && modelName(named) !== model) {
    throw new SlipwayError("invalid_request", `\`${place("model")}\` must be the model of the path.`, {
      param: place("model"),
    });
  }
  const dimensions = optional(fields["outputDimensionality"], place("outputDimensionality"), integerFrom(1));
  const content = fieldsOf(fields["content"], place("content"));
  const text = plainText(content, place("content"));
  const others = otherFields(fields, READ);
  if (text !== undefined && others === undefined) return { input: { kind: "text", text }, dimensions };
  const [first] = Object.keys(others ?? {});
  const input: EmbeddingInput = {
    kind: "native",
    family: "google",
    path: place(first ?? "content.parts"),
    value: { ...others, content: fields["content"] },
  };
  return { input, dimensions };
}

function requestOf(model: string, inputs: readonly DecodedInput[]): EmbeddingRequest {
  const dimensions = inputs[0]?.dimensions;
  const at = inputs.findIndex((input) => input.dimensions !== dimensions);
  if (at !== -1) {
    const param = `requests[${at}].outputDimensionality`;
    throw new SlipwayError("unsupported_field", `\`${param}\` must be the same for all inputs.`, {
      param,
      hint: "Send a request for each length of vectors.",
    });
  }
  return {
    model,
    input: inputs.map(({ input }) => input),
    encoding: "float",
    ...(dimensions === undefined ? {} : { dimensions }),
  };
}

function usageOf(tokens: number): JsonObject {
  return { usageMetadata: { promptTokenCount: tokens } };
}

/** `embedContent`, one vector at a time (https://ai.google.dev/api/embeddings). */
export const geminiEmbedContent: EmbeddingDialect = {
  keyParameter: "key",
  decode(body, head) {
    const { model } = readTarget(head.url ?? "");
    return requestOf(model, [decodeInput(body, "", model)]);
  },
  encode: ({ vectors, usage }) => ({ embedding: { values: asNumbers(vectors[0] ?? []) }, ...usageOf(usage.input) }),
};

/** `batchEmbedContents`. */
export const geminiBatchEmbedContents: EmbeddingDialect = {
  keyParameter: "key",
  decode(body, head) {
    const { model } = readTarget(head.url ?? "");
    const requests = asArray(fieldsOf(body, "body")["requests"], "requests");
    if (requests.length === 0 || requests.length > MAX_EMBEDDING_INPUTS) throw wrongInputs("requests");
    return requestOf(
      model,
      requests.map((request, at) => decodeInput(request, `requests[${at}]`, model)),
    );
  },
  encode: ({ vectors, usage }) => ({
    embeddings: vectors.map((vector) => ({ values: asNumbers(vector) })),
    ...usageOf(usage.input),
  }),
};
