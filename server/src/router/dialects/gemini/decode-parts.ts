import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { FilePart, ImagePart, MediaSource, Part, ToolResultPart } from "@slipway/contracts/model/request.ts";
import { asArray, asName, asObject, asString, isObject, type JsonObject, optional } from "#lib/shape.ts";
import { fieldsOf, hasOthers } from "./fields.ts";
import { decodeSignature } from "./signature.ts";

const TEXT_FIELDS = new Set(["text", "thought", "thoughtSignature"]);
const CALL_FIELDS = new Set(["functionCall", "thoughtSignature"]);
const RESULT_FIELDS = new Set(["functionResponse"]);
const DATA_FIELDS = new Set(["inlineData", "fileData", "mediaResolution"]);

const KNOWN_CALL = new Set(["id", "name", "args"]);
const KNOWN_RESULT = new Set(["id", "name", "response", "parts"]);
const KNOWN_DATA = new Set(["mimeType", "data"]);
const KNOWN_FILE = new Set(["mimeType", "fileUri"]);

const DETAILS: Readonly<Record<string, string>> = { MEDIA_RESOLUTION_LOW: "low", MEDIA_RESOLUTION_HIGH: "high" };

// A file that was uploaded to Google, or lies in its storage, means nothing elsewhere.
const PUBLIC_FILE = /^https?:\/\/(?!generativelanguage\.googleapis\.com\/)/;

/** Gives calls and their results ids where the client sends none: the same for the same conversation, turn after turn. */
export class CallIds {
  readonly #open: { readonly id: string; readonly name: string }[] = [];
  #count = 0;

  call(id: string | undefined, name: string): string {
    const found = id ?? this.#next();
    this.#open.push({ id: found, name });
    return found;
  }

  /** Without an id, a result is that of the first call of its function that has none yet. */
  result(id: string | undefined, name: string): string {
    const at = this.#open.findIndex((call) => (id === undefined ? call.name === name : call.id === id));
    const [call] = at === -1 ? [] : this.#open.splice(at, 1);
    return id ?? call?.id ?? this.#next();
  }

  #next(): string {
    this.#count += 1;
    return `call_${this.#count}`;
  }
}

function mediaPart(source: MediaSource, mediaType: string | undefined): ImagePart | FilePart {
  return mediaType?.startsWith("image/") === true ? { type: "image", source } : { type: "file", source };
}

/** A picture or file, or undefined when it says more than our words can. */
function decodeMedia(part: JsonObject, path: string): ImagePart | FilePart | undefined {
  if (part["inlineData"] !== undefined) {
    const data = fieldsOf(part["inlineData"], `${path}.inlineData`);
    if (hasOthers(data, KNOWN_DATA)) return undefined;
    const mediaType = asName(data["mimeType"], `${path}.inlineData.mimeType`);
    return mediaPart({ kind: "base64", mediaType, data: asString(data["data"], `${path}.inlineData.data`) }, mediaType);
  }
  const file = fieldsOf(part["fileData"], `${path}.fileData`);
  if (hasOthers(file, KNOWN_FILE)) return undefined;
  const uri = asName(file["fileUri"], `${path}.fileData.fileUri`);
  const mediaType = optional(file["mimeType"], `${path}.fileData.mimeType`, asName);
  const typed = mediaType === undefined ? {} : { mediaType };
  return mediaPart(
    PUBLIC_FILE.test(uri) ? { kind: "url", url: uri, ...typed } : { kind: "id", family: "google", id: uri, ...typed },
    mediaType,
  );
}

function decodeMediaPart(part: JsonObject, path: string): Part | undefined {
  if (hasOthers(part, DATA_FIELDS)) return undefined;
  const media = decodeMedia(part, path);
  if (!media || part["mediaResolution"] === undefined) return media;
  const { level, ...rest } = fieldsOf(part["mediaResolution"], `${path}.mediaResolution`);
  const detail = typeof level === "string" && Object.hasOwn(DETAILS, level) ? DETAILS[level] : undefined;
  if (detail === undefined || media.type !== "image" || Object.keys(rest).length > 0) return undefined;
  return { ...media, detail };
}

function decodeText(part: JsonObject, path: string): Part[] {
  const text = optional(part["text"], `${path}.text`, asString) ?? "";
  const signature = optional(part["thoughtSignature"], `${path}.thoughtSignature`, asName);
  const signed = signature === undefined ? undefined : decodeSignature(signature);
  if (part["thought"] === true) return [{ type: "reasoning", text, ...signed }];
  // A signature is that of the thoughts before its part.
  return [
    ...(signed ? [{ type: "reasoning" as const, text: "", ...signed }] : []),
    ...(text === "" && signed ? [] : [{ type: "text" as const, text }]),
  ];
}

function decodeCall(part: JsonObject, path: string, ids: CallIds): Part | undefined {
  const call = fieldsOf(part["functionCall"], `${path}.functionCall`);
  if (hasOthers(call, KNOWN_CALL)) return undefined;
  const name = asName(call["name"], `${path}.functionCall.name`);
  const id = ids.call(optional(call["id"], `${path}.functionCall.id`, asName), name);
  const args = optional(call["args"], `${path}.functionCall.args`, asObject) ?? {};
  const signature = optional(part["thoughtSignature"], `${path}.thoughtSignature`, asName);
  const signed = signature === undefined ? {} : decodeSignature(signature);
  return { type: "tool_call", id, name, arguments: JSON.stringify(args), ...signed };
}

// `output` and `error` are the names that Google gives a plain answer and a failure.
function decodeResponse(response: JsonObject): { readonly text: string; readonly isError?: true } {
  const [only, ...more] = Object.keys(response);
  const value = only === undefined || more.length > 0 ? undefined : response[only];
  if (typeof value === "string" && only === "output") return { text: value };
  if (typeof value === "string" && only === "error") return { text: value, isError: true };
  return { text: JSON.stringify(response) };
}

function decodeResult(part: JsonObject, path: string, ids: CallIds): ToolResultPart | undefined {
  const place = `${path}.functionResponse`;
  const result = fieldsOf(part["functionResponse"], place);
  if (hasOthers(result, KNOWN_RESULT)) return undefined;
  const media: (ImagePart | FilePart)[] = [];
  for (const [at, value] of (optional(result["parts"], `${place}.parts`, asArray) ?? []).entries()) {
    const fields = fieldsOf(value, `${place}.parts[${at}]`);
    const found = hasOthers(fields, DATA_FIELDS) ? undefined : decodeMedia(fields, `${place}.parts[${at}]`);
    if (!found) return undefined;
    media.push(found);
  }
  const name = asName(result["name"], `${place}.name`);
  const { text, isError } = decodeResponse(optional(result["response"], `${place}.response`, asObject) ?? {});
  return {
    type: "tool_result",
    toolCallId: ids.result(optional(result["id"], `${place}.id`, asName), name),
    name,
    content: [...(text === "" ? [] : [{ type: "text" as const, text }]), ...media],
    ...(isError ? { isError } : {}),
  };
}

/**
 * One of Gemini's parts in our words. What says more than they can, such as code that Google ran or a cut of a video, is a
 * native part: it goes to Google as it came, and every other provider refuses it by name.
 */
export function decodePart(value: unknown, path: string, ids: CallIds): readonly Part[] {
  const part = fieldsOf(value, path);
  let found: Part | undefined;
  if (part["functionCall"] !== undefined)
    found = hasOthers(part, CALL_FIELDS) ? undefined : decodeCall(part, path, ids);
  else if (part["functionResponse"] !== undefined)
    found = hasOthers(part, RESULT_FIELDS) ? undefined : decodeResult(part, path, ids);
  else if (part["inlineData"] !== undefined || part["fileData"] !== undefined) found = decodeMediaPart(part, path);
  else if (!hasOthers(part, TEXT_FIELDS)) {
    if (part["text"] === undefined && part["thoughtSignature"] === undefined) {
      throw new SlipwayError("invalid_request", `\`${path}\` holds nothing.`, { param: path });
    }
    return decodeText(part, path);
  }
  if (found) return [found];
  return isObject(value) ? [{ type: "native", family: "google", value }] : [];
}
