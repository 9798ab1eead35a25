import { isObject, type JsonObject } from "#lib/shape.ts";
import { invalid } from "./unsupported.ts";

/**
 * A tool call's arguments for a format that wants them as an object. Empty text is no arguments; text that is no JSON object
 * cannot be carried, and is `invalid_request` naming the part.
 */
export function objectArguments(text: string, param: string): JsonObject {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Told below, with the other texts that are no object.
  }
  throw invalid(
    param,
    `\`${param}\` must be the text of a JSON object: this provider takes tool arguments as an object only.`,
  );
}
