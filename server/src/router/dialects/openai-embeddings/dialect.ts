import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { EmbeddingInput, EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import { asArray, asName, asObject, integerFrom, optional } from "#lib/shape.ts";
import type { EmbeddingDialect } from "../embedding-dialect.ts";
import { asBase64, asNumbers, MAX_EMBEDDING_INPUTS, wrongInputs } from "../vectors.ts";

const READ = new Set(["model", "input", "dimensions", "encoding_format", "user"]);

const token = integerFrom(0);

function tokensOf(value: readonly unknown[], param: string): EmbeddingInput {
  if (value.length === 0) throw new SlipwayError("invalid_request", `\`${param}\` is empty.`, { param });
  const tokens = value.map((item, at) => token(item, `${param}[${at}]`));
  return { kind: "tokens", tokens };
}

function decodeItem(value: unknown, param: string): EmbeddingInput {
  if (Array.isArray(value)) return tokensOf(value, param);
  return { kind: "text", text: asName(value, param) };
}

// One text, one list of tokens, or a list of either.
function decodeInput(value: unknown): EmbeddingInput[] {
  if (typeof value === "string") return [{ kind: "text", text: asName(value, "input") }];
  const items = asArray(value, "input");
  if (typeof items[0] === "number") return [tokensOf(items, "input")];
  if (items.length === 0 || items.length > MAX_EMBEDDING_INPUTS) throw wrongInputs("input");
  return items.map((item, at) => decodeItem(item, `input[${at}]`));
}

function decodeEncoding(value: unknown): EmbeddingRequest["encoding"] {
  if (value === undefined || value === null || value === "float") return "float";
  if (value === "base64") return "base64";
  throw new SlipwayError("invalid_request", '`encoding_format` must be "float" or "base64".', {
    param: "encoding_format",
  });
}

function decode(value: unknown): EmbeddingRequest {
  const body = asObject(value, "body");
  const dimensions = optional(body["dimensions"], "dimensions", integerFrom(1));
  const endUser = optional(body["user"], "user", asName);
  let fields: Record<string, unknown> | undefined;
  for (const key in body) {
    if (!READ.has(key) && body[key] !== null && body[key] !== undefined) (fields ??= {})[key] = body[key];
  }
  return {
    model: asName(body["model"], "model"),
    input: decodeInput(body["input"]),
    encoding: decodeEncoding(body["encoding_format"]),
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(endUser === undefined ? {} : { endUser }),
    ...(fields ? { extra: { family: "openai" as const, fields } } : {}),
  };
}

/** OpenAI Embeddings, after https://platform.openai.com/docs/api-reference/embeddings (read 2026-11). */
export const openaiEmbeddings: EmbeddingDialect = {
  decode,
  encode(answer, { model, encoding }) {
    const written = encoding === "base64" ? asBase64 : asNumbers;
    const { input } = answer.usage;
    return {
      object: "list",
      data: answer.vectors.map((vector, index) => ({ object: "embedding", index, embedding: written(vector) })),
      model: answer.model ?? model,
      usage: { prompt_tokens: input, total_tokens: input },
    };
  },
};
