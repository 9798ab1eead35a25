import type { Citation } from "@slipway/contracts/model/request.ts";

/**
 * A citation as one of a message's `annotations`, which know addresses only; undefined for one without. `from` and `to` are the
 * piece of text that it belongs to, and the span that it supports where the provider names none.
 */
export function encodeCitation(citation: Citation, from: number, to: number): unknown {
  const { url, title, startIndex, endIndex, native } = citation;
  if (native?.family === "openai") return native.value;
  if (url === undefined) return undefined;
  return {
    type: "url_citation",
    url_citation: {
      url,
      title: title ?? url,
      start_index: from + (startIndex ?? 0),
      end_index: endIndex === undefined ? to : from + endIndex,
    },
  };
}
