import type { Citation } from "@slipway/contracts/model/request.ts";
import { isObject, type JsonObject } from "#lib/shape.ts";
import { arrayOf, objectOf, textOf } from "../wire/json.ts";

/** A span of text in UTF-16 code units. */
interface Span {
  readonly startIndex: number;
  readonly endIndex: number;
}

function offset(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/**
 * Google counts in bytes of UTF-8. Where the bytes do not hold the words that the segment names, because the answer has several
 * parts, the words are looked for; what is not found has no span.
 */
function spanOf(segment: JsonObject, text: string, bytes: Buffer): Span | undefined {
  const end = offset(segment["endIndex"]);
  const words = textOf(segment["text"]);
  if (end > 0 && end <= bytes.length) {
    const startIndex = bytes.toString("utf8", 0, offset(segment["startIndex"])).length;
    const span = { startIndex, endIndex: bytes.toString("utf8", 0, end).length };
    if (span.endIndex > startIndex && (words === undefined || text.slice(startIndex, span.endIndex) === words))
      return span;
  }
  const at = words === undefined ? -1 : text.indexOf(words);
  return words === undefined || at === -1 ? undefined : { startIndex: at, endIndex: at + words.length };
}

// A source of the web, of Google Maps, of a file store, or of an image search.
function sourceOf(chunk: unknown): Citation {
  const source = Object.values(objectOf(chunk)).find(isObject) ?? {};
  const url = textOf(source["uri"]) ?? textOf(source["sourceUri"]);
  const title = textOf(source["title"]);
  const citedText = textOf(source["text"]);
  return {
    ...(url === undefined ? {} : { url }),
    ...(title === undefined ? {} : { title }),
    ...(citedText === undefined ? {} : { citedText }),
  };
}

/**
 * The sources of an answer's text from a candidate's `groundingMetadata` and `citationMetadata`
 * (https://ai.google.dev/api/generate-content#GroundingMetadata). `text` is the part of the answer that they are about.
 */
export function decodeCitations(candidate: JsonObject, text: string): Citation[] {
  const grounding = objectOf(candidate["groundingMetadata"]);
  const recited = arrayOf(objectOf(candidate["citationMetadata"])["citations"] ?? []);
  const chunks = arrayOf(grounding["groundingChunks"]);
  if (text === "" || (chunks.length === 0 && recited.length === 0)) return [];
  const bytes = Buffer.from(text, "utf8");
  const supports = arrayOf(grounding["groundingSupports"]).map(objectOf);
  const used = new Set<unknown>();
  const citations = supports.flatMap((support) => {
    const span = spanOf(objectOf(support["segment"]), text, bytes);
    return arrayOf(support["groundingChunkIndices"]).flatMap((index) => {
      const chunk = typeof index === "number" ? chunks[index] : undefined;
      if (chunk === undefined) return [];
      used.add(chunk);
      return { ...sourceOf(chunk), ...span };
    });
  });
  for (const chunk of chunks) if (!used.has(chunk)) citations.push(sourceOf(chunk));
  for (const entry of recited) {
    const citation = objectOf(entry);
    citations.push({ ...sourceOf({ citation }), ...spanOf(citation, text, bytes) });
  }
  return citations;
}
