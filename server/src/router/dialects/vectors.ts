import type { EmbeddingVector } from "@slipway/contracts/model/embedding.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";

const BYTES_A_NUMBER = 4;

/** Inputs that one request may hold, as OpenAI bounds them; what an upstream takes fewer of is asked in several requests. */
export const MAX_EMBEDDING_INPUTS = 2_048;

/** The error for a request with more inputs than {@link MAX_EMBEDDING_INPUTS}, or with none. */
export function wrongInputs(param: string): SlipwayError {
  return new SlipwayError("invalid_request", `\`${param}\` must hold from 1 to ${MAX_EMBEDDING_INPUTS} inputs.`, {
    param,
    hint: "Send them in several requests.",
  });
}

/** The vector as numbers. */
export function asNumbers(vector: EmbeddingVector): readonly number[] {
  if (typeof vector !== "string") return vector;
  const bytes = Buffer.from(vector, "base64");
  return Array.from({ length: bytes.length / BYTES_A_NUMBER }, (_, at) => bytes.readFloatLE(at * BYTES_A_NUMBER));
}

/** The vector as base64 of 32-bit floats, least significant byte first, as OpenAI gives it. */
export function asBase64(vector: EmbeddingVector): string {
  if (typeof vector === "string") return vector;
  const bytes = Buffer.allocUnsafe(vector.length * BYTES_A_NUMBER);
  vector.forEach((value, at) => bytes.writeFloatLE(value, at * BYTES_A_NUMBER));
  return bytes.toString("base64");
}
