import type { Citation } from "@slipway/contracts/model/request.ts";
import { isObject } from "#lib/shape.ts";
import { textOf } from "../../wire/json.ts";

function indexOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** One of an output text's `annotations`: a `url_citation`, or a file's, which has a name and no address. */
export function decodeAnnotation(value: unknown): Citation | undefined {
  if (!isObject(value)) return undefined;
  const url = textOf(value["url"]);
  const title = textOf(value["title"]) ?? textOf(value["filename"]);
  const startIndex = indexOf(value["start_index"]);
  const endIndex = indexOf(value["end_index"]);
  return {
    ...(url === undefined ? {} : { url }),
    ...(title === undefined ? {} : { title }),
    ...(startIndex === undefined ? {} : { startIndex }),
    ...(endIndex === undefined ? {} : { endIndex }),
    native: { family: "openai", value },
  };
}
