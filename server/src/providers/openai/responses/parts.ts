import type { FilePart, ImagePart, MediaSource, Part, TextPart } from "@slipway/contracts/model/request.ts";
import { documentAsText, withBreakpoint } from "../../wire/openai-fields.ts";
import { refuseNative, unsupported } from "../../wire/unsupported.ts";

type Wire = Record<string, unknown>;

const PROVIDER = "openai";

function dataUrl(source: Extract<MediaSource, { kind: "base64" }>): string {
  return `data:${source.mediaType};base64,${source.data}`;
}

function refuseForeign(source: Extract<MediaSource, { kind: "id" }>, path: string): void {
  if (source.family !== "openai")
    throw unsupported(PROVIDER, `${path}.source`, "The file lies with another vendor: send its data or a URL.");
}

function encodeImage(part: ImagePart, path: string): Wire {
  const { source } = part;
  const image: Wire = { type: "input_image", detail: part.detail ?? "auto" };
  if (source.kind === "id") {
    refuseForeign(source, path);
    image["file_id"] = source.id;
  } else image["image_url"] = source.kind === "url" ? source.url : dataUrl(source);
  return image;
}

function encodeFile(part: FilePart, path: string): Wire {
  if (part.citable === true)
    throw unsupported(PROVIDER, `${path}.citable`, "Citations of a document are not given here: leave them out.");
  const { source } = part;
  const name = part.filename ?? part.title;
  const named = name === undefined ? {} : { filename: name };
  switch (source.kind) {
    case "text":
      return { type: "input_text", text: documentAsText(source.text, part.title ?? part.filename) };
    case "url":
      return { type: "input_file", file_url: source.url, ...named };
    case "id":
      refuseForeign(source, path);
      return { type: "input_file", file_id: source.id };
    case "base64":
      if (/^(audio|video)\//.test(source.mediaType))
        throw unsupported(PROVIDER, `${path}.source`, "The Responses API takes no sound and no film.");
      return { type: "input_file", filename: name ?? "file", file_data: dataUrl(source) };
  }
}

/** Text as a user or the system says it. */
export function inputText(part: TextPart): Wire {
  return withBreakpoint({ type: "input_text", text: part.text }, part.cache);
}

/** A part of what a user says or a tool gives; undefined for parts that neither does. */
export function inputPart(part: Part, path: string): Wire | undefined {
  switch (part.type) {
    case "text":
      return inputText(part);
    case "image":
      return withBreakpoint(encodeImage(part, path), part.cache);
    case "file":
      return withBreakpoint(encodeFile(part, path), part.cache);
    case "native":
      refuseNative(part, "openai", PROVIDER, path);
      return { ...part.value };
    default:
      return undefined;
  }
}

/** Whether a block of OpenAI's stands within a message, or is an item of its own beside it. */
export function isContentPart(value: Readonly<Record<string, unknown>>): boolean {
  return String(value["type"]).startsWith("input_");
}
