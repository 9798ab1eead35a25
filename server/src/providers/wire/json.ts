import { SlipwayError } from "@slipway/contracts/errors.ts";
import { isObject, type JsonObject } from "#lib/shape.ts";

const NOTHING: JsonObject = Object.freeze({});

/** The value as an object; an empty one when it is none. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : NOTHING;
}

/** The value as an array; an empty one when it is none. */
export function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value when it is text that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

// More than any model ever counts, and few enough that sums stay exact.
const MAX_COUNT = 1e12;

/** The value as a count of tokens: a whole number from 0 up, else 0. */
export function countOf(value: unknown): number {
  return typeof value === "number" && value > 0 ? Math.min(Math.round(value), MAX_COUNT) : 0;
}

/** The data of one streamed event as an object, or `provider_stream_broken`. */
export function parseEvent(provider: string, data: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (cause) {
    throw new SlipwayError("provider_stream_broken", `The provider ${provider} sent an event that is not JSON.`, {
      cause,
    });
  }
  if (isObject(value)) return value;
  throw new SlipwayError("provider_stream_broken", `The provider ${provider} sent an event that is no object.`);
}

/** The body of a whole answer as an object, or `provider_error`. */
export function parseAnswer(provider: string, body: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new SlipwayError("provider_error", `The provider ${provider} answered with something that is not JSON.`, {
      cause,
    });
  }
  if (isObject(value)) return value;
  throw new SlipwayError("provider_error", `The provider ${provider} answered with something that is no object.`);
}

/** The body of an error answer when it is JSON, else undefined: proxies on the way answer with HTML. */
export function parseErrorBody(body: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body);
    const first: unknown = Array.isArray(value) ? value[0] : value;
    return isObject(first) ? first : undefined;
  } catch {
    return undefined;
  }
}
