import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { CacheMarker, FilePart, ImagePart, MediaSource, TextPart } from "@slipway/contracts/model/request.ts";
import { asName, asObject, asString, type JsonObject, optional } from "#lib/shape.ts";

/** The error for what this dialect's decoder has no word for. */
export function unsupported(param: string, hint: string): SlipwayError {
  return new SlipwayError("unsupported_field", `\`${param}\` cannot be carried to a model by this server.`, {
    param,
    hint,
  });
}

/**
 * A part's or a tool's mark for the prompt cache: OpenAI's own breakpoint, or Anthropic's `cache_control`, which gateways of this
 * format take.
 */
export function decodeMark(part: JsonObject, path: string): { readonly cache?: CacheMarker } {
  const breakpoint = optional(part["prompt_cache_breakpoint"], `${path}.prompt_cache_breakpoint`, asObject);
  if (breakpoint) return { cache: { extra: { family: "openai", fields: breakpoint } } };
  const control = optional(part["cache_control"], `${path}.cache_control`, asObject);
  if (!control) return {};
  const { ttl } = control;
  return { cache: ttl === "5m" || ttl === "1h" ? { ttl } : {} };
}

const DATA_URL = /^data:([a-z0-9.+-]+\/[a-z0-9.+-]+);base64,/i;

function dataUrl(url: string): Extract<MediaSource, { kind: "base64" }> | undefined {
  const head = DATA_URL.exec(url);
  return head ? { kind: "base64", mediaType: head[1] ?? "", data: url.slice(head[0].length) } : undefined;
}

function notData(path: string, example: string): SlipwayError {
  return new SlipwayError("invalid_request", `\`${path}\` is a data URL without a media type and base64 data.`, {
    param: path,
    hint: `Write it as ${example}.`,
  });
}

function decodeImage(part: JsonObject, path: string): ImagePart {
  const image = asObject(part["image_url"], `${path}.image_url`);
  const url = asName(image["url"], `${path}.image_url.url`);
  const detail = optional(image["detail"], `${path}.image_url.detail`, asString);
  const data = dataUrl(url);
  if (!data && url.startsWith("data:")) throw notData(`${path}.image_url.url`, "data:image/png;base64,…");
  return {
    type: "image",
    source: data ?? { kind: "url", url },
    ...(detail === undefined ? {} : { detail }),
    ...decodeMark(part, path),
  };
}

function decodeFile(part: JsonObject, path: string): FilePart {
  const file = asObject(part["file"], `${path}.file`);
  const filename = optional(file["filename"], `${path}.file.filename`, asString);
  const id = optional(file["file_id"], `${path}.file.file_id`, asName);
  const named = { ...(filename === undefined ? {} : { filename }), ...decodeMark(part, path) };
  if (id !== undefined) return { type: "file", source: { kind: "id", family: "openai", id }, ...named };
  const source = dataUrl(asName(file["file_data"], `${path}.file.file_data`));
  if (!source) throw notData(`${path}.file.file_data`, "data:application/pdf;base64,…");
  return { type: "file", source, ...named };
}

function decodeAudio(part: JsonObject, path: string): FilePart {
  const audio = asObject(part["input_audio"], `${path}.input_audio`);
  const format = asName(audio["format"], `${path}.input_audio.format`);
  const data = asString(audio["data"], `${path}.input_audio.data`);
  const mediaType = format === "mp3" ? "audio/mpeg" : `audio/${format}`;
  return { type: "file", source: { kind: "base64", mediaType, data }, ...decodeMark(part, path) };
}

/** A part of a message's content. */
export function decodePart(value: unknown, path: string): TextPart | ImagePart | FilePart {
  const part = asObject(value, path);
  const type = asString(part["type"], `${path}.type`);
  switch (type) {
    case "text":
      return { type: "text", text: asString(part["text"], `${path}.text`), ...decodeMark(part, path) };
    case "refusal":
      return { type: "text", text: asString(part["refusal"], `${path}.refusal`) };
    case "image_url":
      return decodeImage(part, path);
    case "file":
      return decodeFile(part, path);
    case "input_audio":
      return decodeAudio(part, path);
    default:
      throw unsupported(
        `${path}.type`,
        `Parts of type text, image_url, file and input_audio are carried; this one is ${JSON.stringify(type.slice(0, 64))}.`,
      );
  }
}
