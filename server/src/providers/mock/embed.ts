import { createHash } from "node:crypto";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { EmbeddingAnswer, EmbeddingInput, EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import { countTokens } from "./text.ts";

const DEFAULT_DIMENSIONS = 256;
const MAX_DIMENSIONS = 4_096;
/** Places of the vector that each feature of a text moves. */
const PLACES = 4;

function textOf(input: EmbeddingInput): string {
  switch (input.kind) {
    case "text":
      return input.text;
    case "tokens":
      return input.tokens.join(" ");
    case "native":
      return JSON.stringify(input.value);
  }
}

/** Words, and their beginnings, so that words of one stem have something in common. */
function featuresOf(text: string): readonly string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.length === 0 ? [text] : words.flatMap((word) => [word, `${word.slice(0, 4)}…`]);
}

function vectorOf(text: string, dimensions: number): readonly number[] {
  const vector = new Float64Array(dimensions);
  for (const feature of featuresOf(text)) {
    const hash = createHash("sha256").update(feature).digest();
    for (let at = 0; at < PLACES; at += 1) {
      const place = hash.readUInt32LE(8 * at) % dimensions;
      vector[place] = (vector[place] ?? 0) + (hash.readInt8(8 * at + 4) < 0 ? -1 : 1);
    }
  }
  let length = Math.hypot(...vector);
  if (length === 0) vector[0] = length = 1;
  return Array.from(vector, (value) => Math.fround(value / length));
}

/**
 * The mock's vectors, of length 1: the same text has the same one every time, and texts that share words lie near each other.
 * It knows no meaning.
 */
export function mockEmbed(request: EmbeddingRequest): EmbeddingAnswer {
  const dimensions = request.dimensions ?? DEFAULT_DIMENSIONS;
  if (dimensions > MAX_DIMENSIONS) {
    throw new SlipwayError("invalid_request", `The mock makes vectors of up to ${MAX_DIMENSIONS} numbers.`, {
      param: "dimensions",
    });
  }
  let input = 0;
  const vectors = request.input.map((item) => {
    const text = textOf(item);
    input += item.kind === "tokens" ? item.tokens.length : countTokens(text);
    return vectorOf(text, dimensions);
  });
  return { model: request.model, vectors, usage: { input, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 } };
}
