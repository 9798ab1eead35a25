import { SlipwayError } from "@slipway/contracts/errors.ts";
import type {
  CacheMarker,
  Citation,
  FilePart,
  ImagePart,
  MediaSource,
  NativePart,
  Part,
  TextPart,
} from "@slipway/contracts/model/request.ts";
import { asArray, asName, asObject, asString, type JsonObject, optional } from "#lib/shape.ts";
import { decodeAnnotation } from "#providers/openai/responses/annotations.ts";

const DATA_URL = /^data:([a-z0-9.+-]+\/[a-z0-9.+-]+);base64,/i;

function fromUrl(url: string, path: string): MediaSource {
  const head = DATA_URL.exec(url);
  if (head) return { kind: "base64", mediaType: head[1] ?? "", data: url.slice(head[0].length) };
  if (!url.startsWith("data:")) return { kind: "url", url };
  throw new SlipwayError("invalid_request", `\`${path}\` is a data URL without a media type and base64 data.`, {
    param: path,
    hint: "Write it as data:image/png;base64,….",
  });
}

function decodeMark(part: JsonObject, path: string): { readonly cache?: CacheMarker } {
  const at = `${path}.prompt_cache_breakpoint`;
  const fields = optional(part["prompt_cache_breakpoint"], at, asObject);
  return fields ? { cache: { extra: { family: "openai", fields } } } : {};
}

function uploaded(id: string): MediaSource {
  return { kind: "id", family: "openai", id };
}

function decodeImage(part: JsonObject, path: string): ImagePart {
  const id = optional(part["file_id"], `${path}.file_id`, asName);
  const detail = optional(part["detail"], `${path}.detail`, asString);
  const at = `${path}.image_url`;
  return {
    type: "image",
    source: id === undefined ? fromUrl(asName(part["image_url"], at), at) : uploaded(id),
    ...(detail === undefined || detail === "auto" ? {} : { detail }),
    ...decodeMark(part, path),
  };
}

function fileSource(part: JsonObject, path: string): MediaSource {
  const id = optional(part["file_id"], `${path}.file_id`, asName);
  if (id !== undefined) return uploaded(id);
  const url = optional(part["file_url"], `${path}.file_url`, asName);
  if (url !== undefined) return { kind: "url", url };
  const at = `${path}.file_data`;
  const data = asName(part["file_data"], at);
  // The official clients write a data URL; bare base64 is a PDF, the one kind that OpenAI takes so.
  return data.startsWith("data:") ? fromUrl(data, at) : { kind: "base64", mediaType: "application/pdf", data };
}

function decodeFile(part: JsonObject, path: string): FilePart {
  const filename = optional(part["filename"], `${path}.filename`, asString);
  return {
    type: "file",
    source: fileSource(part, path),
    ...(filename === undefined ? {} : { filename }),
    ...decodeMark(part, path),
  };
}

function decodeOutputText(part: JsonObject, path: string): TextPart {
  const found = optional(part["annotations"], `${path}.annotations`, asArray) ?? [];
  const citations = found.flatMap((value): Citation[] => {
    const citation = decodeAnnotation(value);
    return citation ? [citation] : [];
  });
  return {
    type: "text",
    text: asString(part["text"], `${path}.text`),
    ...(citations.length === 0 ? {} : { citations }),
  };
}

/** A part of a message's content, or of what a tool gave. */
export function decodeContentPart(value: unknown, path: string): TextPart | ImagePart | FilePart | NativePart {
  const part = asObject(value, path);
  switch (asName(part["type"], `${path}.type`)) {
    case "input_text":
    case "text":
      return { type: "text", text: asString(part["text"], `${path}.text`), ...decodeMark(part, path) };
    case "output_text":
      return decodeOutputText(part, path);
    case "refusal":
      return { type: "text", text: asString(part["refusal"], `${path}.refusal`) };
    case "input_image":
      return decodeImage(part, path);
    case "input_file":
      return decodeFile(part, path);
    default:
      return { type: "native", family: "openai", value: part };
  }
}

/** A message's content: one text, or parts. */
export function decodeContent(value: unknown, path: string): Part[] {
  if (typeof value === "string") return [{ type: "text", text: value }];
  return asArray(value, path).map((part, index) => decodeContentPart(part, `${path}[${index}]`));
}
