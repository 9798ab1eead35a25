import type {
  CacheMarker,
  FilePart,
  ImagePart,
  MediaSource,
  Part,
  TextPart,
} from "@slipway/contracts/model/request.ts";
import { documentAsText, withBreakpoint } from "../openai-fields.ts";
import { refuseNative, unsupported } from "../unsupported.ts";
import type { ChatCompletionsOptions } from "./options.ts";

type Wire = Record<string, unknown>;

/** The part with the mark that this upstream knows, if it knows one. */
export function withMark(part: Wire, cache: CacheMarker | undefined, options: ChatCompletionsOptions): Wire {
  if (cache === undefined) return part;
  if (options.takesCacheControl !== true) return withBreakpoint(part, cache);
  const { ttl, extra } = cache;
  const more = extra?.family === "anthropic" ? extra.fields : {};
  part["cache_control"] = { type: "ephemeral", ...(ttl === undefined ? {} : { ttl }), ...more };
  return part;
}

function dataUrl(source: Extract<MediaSource, { kind: "base64" }>): string {
  return `data:${source.mediaType};base64,${source.data}`;
}

function encodeImage(part: ImagePart, path: string, provider: string): Wire {
  const { source } = part;
  if (source.kind === "id") throw unsupported(provider, `${path}.source`, "Send the image as data or as a URL.");
  const url = source.kind === "url" ? source.url : dataUrl(source);
  return { type: "image_url", image_url: part.detail === undefined ? { url } : { url, detail: part.detail } };
}

const AUDIO: ReadonlyMap<string, string> = new Map([
  ["audio/wav", "wav"],
  ["audio/x-wav", "wav"],
  ["audio/wave", "wav"],
  ["audio/mpeg", "mp3"],
  ["audio/mp3", "mp3"],
]);

function encodeFile(part: FilePart, path: string, provider: string): Wire {
  if (part.citable === true)
    throw unsupported(provider, `${path}.citable`, "Citations of a document are not given here: leave them out.");
  const { source, filename } = part;
  const title = part.title ?? filename;
  switch (source.kind) {
    case "text":
      return { type: "text", text: documentAsText(source.text, title) };
    case "url":
      throw unsupported(provider, `${path}.source`, "Files are taken as data: fetch the URL and send what is there.");
    case "id":
      if (source.family === "openai") return { type: "file", file: { file_id: source.id } };
      throw unsupported(provider, `${path}.source`, "The file lies with another vendor: send its data.");
    case "base64": {
      const format = AUDIO.get(source.mediaType.toLowerCase());
      if (format !== undefined) return { type: "input_audio", input_audio: { data: source.data, format } };
      return { type: "file", file: { filename: title ?? "file", file_data: dataUrl(source) } };
    }
  }
}

/** A part of what a user says. Undefined for parts that no user says. */
export function encodeUserPart(part: Part, path: string, options: ChatCompletionsOptions): Wire | undefined {
  switch (part.type) {
    case "text":
      return encodeText(part, options);
    case "image":
      return withMark(encodeImage(part, path, options.provider), part.cache, options);
    case "file":
      return withMark(encodeFile(part, path, options.provider), part.cache, options);
    case "native":
      refuseNative(part, "openai", options.provider, path);
      return { ...part.value };
    default:
      return undefined;
  }
}

/** A text part with its mark. */
export function encodeText(part: TextPart, options: ChatCompletionsOptions): Wire {
  return withMark({ type: "text", text: part.text }, part.cache, options);
}

/** Whether this upstream would see the part's mark: if not, plain text is shorter. */
export function isMarked(part: TextPart, options: ChatCompletionsOptions): boolean {
  if (part.cache === undefined) return false;
  return options.takesCacheControl === true || part.cache.extra?.family === "openai";
}
