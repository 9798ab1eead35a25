import type { Citation } from "@slipway/contracts/model/request.ts";
import { isObject } from "#lib/shape.ts";
import { objectOf, textOf } from "../json.ts";

function indexOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** One of a message's `annotations`: `{type: "url_citation", url_citation: {url, title, start_index, end_index}}`. */
export function decodeAnnotation(value: unknown): Citation | undefined {
  if (!isObject(value)) return undefined;
  const cited = objectOf(value["url_citation"]);
  const url = textOf(cited["url"]);
  const title = textOf(cited["title"]);
  const startIndex = indexOf(cited["start_index"]);
  const endIndex = indexOf(cited["end_index"]);
  return {
    ...(url === undefined ? {} : { url }),
    ...(title === undefined ? {} : { title }),
    ...(startIndex === undefined ? {} : { startIndex }),
    ...(endIndex === undefined ? {} : { endIndex }),
    native: { family: "openai", value },
  };
}
