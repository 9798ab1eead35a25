import type { EmbeddingVector } from "@slipway/contracts/model/embedding.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";

const BYTES_A_NUMBER = 4;

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "number");
}

function isBase64(value: unknown): value is string {
  return typeof value === "string" && value !== "" && Buffer.byteLength(value, "base64") % BYTES_A_NUMBER === 0;
}

/** A vector as an upstream wrote it, or `provider_error` when it is none. */
export function readVector(provider: string, value: unknown): EmbeddingVector {
  if (isNumbers(value) || isBase64(value)) return value;
  throw new SlipwayError("provider_error", `The provider ${provider} answered with something that is no vector.`);
}

/** The error for an answer that does not hold a vector for each input. */
export function missingVectors(provider: string): SlipwayError {
  return new SlipwayError("provider_error", `The provider ${provider} did not answer with a vector for each input.`);
}
