import type { CacheMarker, FilePart, ImagePart } from "@slipway/contracts/model/request.ts";
import { unsupported } from "../wire/unsupported.ts";

type Wire = Record<string, unknown>;

/** The block with `cache_control`, where the part has a mark (https://platform.claude.com/docs/en/build-with-claude/prompt-caching). */
export function withCache(block: Wire, cache: CacheMarker | undefined): Wire {
  if (cache === undefined) return block;
  const { ttl, extra } = cache;
  block["cache_control"] = {
    type: "ephemeral",
    ...(ttl === undefined ? {} : { ttl }),
    ...(extra?.family === "anthropic" ? extra.fields : {}),
  };
  return block;
}

/** A source as images and documents both know it. */
function encodeSource(source: ImagePart["source"], path: string): Wire {
  switch (source.kind) {
    case "url":
      return { type: "url", url: source.url };
    case "base64":
      return { type: "base64", media_type: source.mediaType, data: source.data };
    case "id":
      if (source.family === "anthropic") return { type: "file", file_id: source.id };
      throw unsupported("anthropic", `${path}.source`, "The file lies with another vendor: send its data or a URL.");
  }
}

/** An `image` block. */
export function encodeImage(part: ImagePart, path: string): Wire {
  if (part.detail !== undefined && part.detail !== "auto") {
    throw unsupported("anthropic", `${path}.detail`, "Leave it out; Anthropic has no such hint.");
  }
  return withCache({ type: "image", source: encodeSource(part.source, path) }, part.cache);
}

function documentSource(source: FilePart["source"], path: string): Wire {
  if (source.kind === "text") return { type: "text", media_type: "text/plain", data: source.text };
  if (source.kind !== "base64" || source.mediaType === "application/pdf") return encodeSource(source, path);
  if (source.mediaType.startsWith("text/")) {
    // Anthropic takes text as text, and by no other media type than this.
    return { type: "text", media_type: "text/plain", data: Buffer.from(source.data, "base64").toString("utf8") };
  }
  throw unsupported(
    "anthropic",
    `${path}.source`,
    `Anthropic reads PDF and text, not ${source.mediaType.slice(0, 100)}: send the content as one of these.`,
  );
}

/** A `document` block. */
export function encodeDocument(part: FilePart, path: string): Wire {
  const title = part.title ?? part.filename;
  return withCache(
    {
      type: "document",
      source: documentSource(part.source, path),
      ...(title === undefined ? {} : { title }),
      ...(part.citable === undefined ? {} : { citations: { enabled: part.citable } }),
    },
    part.cache,
  );
}
