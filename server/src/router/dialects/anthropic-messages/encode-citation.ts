import type { Citation } from "@slipway/contracts/model/request.ts";

/**
 * A citation in Anthropic's shape: its own object, or for another vendor's one of a search result, whose empty index says that
 * Anthropic has not sealed it.
 */
export function encodeCitation(citation: Citation): unknown {
  const { native, url, title, citedText } = citation;
  if (native?.family === "anthropic") return native.value;
  return {
    type: "web_search_result_location",
    url: url ?? "",
    title: title ?? null,
    cited_text: citedText ?? "",
    encrypted_index: "",
  };
}
