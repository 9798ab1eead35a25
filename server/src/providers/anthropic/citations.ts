import type { Citation } from "@slipway/contracts/model/request.ts";
import { isObject } from "#lib/shape.ts";
import { textOf } from "../wire/json.ts";

/** One of a text block's `citations` (https://platform.claude.com/docs/en/build-with-claude/citations). */
export function decodeCitation(value: unknown): Citation | undefined {
  if (!isObject(value)) return undefined;
  // A search result's `source` is whatever its maker put there, most often an address.
  const source = textOf(value["source"]);
  const url = textOf(value["url"]) ?? (source !== undefined && /^https?:\/\//i.test(source) ? source : undefined);
  const title = textOf(value["title"]) ?? textOf(value["document_title"]);
  const citedText = textOf(value["cited_text"]);
  return {
    ...(url === undefined ? {} : { url }),
    ...(title === undefined ? {} : { title }),
    ...(citedText === undefined ? {} : { citedText }),
    native: { family: "anthropic", value },
  };
}
