import type {
  Citation,
  FilePart,
  ImagePart,
  MediaSource,
  NativePart,
  Part,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from "@slipway/contracts/model/request.ts";
import { asArray, asBoolean, asName, asObject, asString, isObject, type JsonObject, optional } from "#lib/shape.ts";
import { decodeCitation } from "#providers/anthropic/citations.ts";
import { REDACTED } from "#providers/anthropic/redacted.ts";
import { unpackSignature } from "../signature.ts";
import { decodeCache } from "./cache-control.ts";

/** Blocks that have a word of ours, with all their fields that have one; a block with any other field goes on as it is. */
const KNOWN: Readonly<Record<string, ReadonlySet<string>>> = {
  text: new Set(["text", "cache_control", "citations"]),
  image: new Set(["source", "cache_control"]),
  document: new Set(["source", "title", "citations", "cache_control"]),
  tool_use: new Set(["id", "name", "input", "caller", "cache_control"]),
  tool_result: new Set(["tool_use_id", "content", "is_error", "cache_control"]),
  thinking: new Set(["thinking", "signature"]),
  redacted_thinking: new Set(["data"]),
};

const NOTHING_ELSE: ReadonlySet<string> = new Set();

const SOURCES: ReadonlySet<string> = new Set(["base64", "url", "file", "text"]);

function hasOnly(block: JsonObject, known: ReadonlySet<string>): boolean {
  for (const key in block) if (key !== "type" && !known.has(key) && block[key] !== null) return false;
  return true;
}

// What a tool's caller is where nothing is said of it.
function isDirect(caller: unknown): boolean {
  return isObject(caller) && caller["type"] === "direct" && hasOnly(caller, NOTHING_ELSE);
}

function isKnown(block: JsonObject, type: string): boolean {
  const fields = Object.hasOwn(KNOWN, type) ? KNOWN[type] : undefined;
  if (!fields || !hasOnly(block, fields)) return false;
  if (type === "tool_use" && block["caller"] != null) return isDirect(block["caller"]);
  if (type !== "image" && type !== "document") return true;
  const citations = block["citations"];
  if (isObject(citations) && !hasOnly(citations, new Set(["enabled"]))) return false;
  return isObject(block["source"]) && SOURCES.has(String(block["source"]["type"]));
}

function nativePart(value: JsonObject): NativePart {
  return { type: "native", family: "anthropic", value };
}

function decodeSource(block: JsonObject, path: string): MediaSource | { readonly kind: "text"; readonly text: string } {
  const at = `${path}.source`;
  const source = asObject(block["source"], at);
  switch (source["type"]) {
    case "url":
      return { kind: "url", url: asName(source["url"], `${at}.url`) };
    case "file":
      return { kind: "id", family: "anthropic", id: asName(source["file_id"], `${at}.file_id`) };
    case "text":
      return { kind: "text", text: asString(source["data"], `${at}.data`) };
    default:
      return {
        kind: "base64",
        mediaType: asName(source["media_type"], `${at}.media_type`),
        data: asString(source["data"], `${at}.data`),
      };
  }
}

function decodeImage(block: JsonObject, path: string): ImagePart | NativePart {
  const source = decodeSource(block, path);
  // Text is no image: what Anthropic says to that is Anthropic's affair.
  return source.kind === "text" ? nativePart(block) : { type: "image", source, ...decodeCache(block, path) };
}

function decodeDocument(block: JsonObject, path: string): FilePart {
  const title = optional(block["title"], `${path}.title`, asString);
  const citations = optional(block["citations"], `${path}.citations`, asObject);
  const citable = optional(citations?.["enabled"], `${path}.citations.enabled`, asBoolean);
  return {
    type: "file",
    source: decodeSource(block, path),
    ...(title === undefined ? {} : { title }),
    ...(citable === undefined ? {} : { citable }),
    ...decodeCache(block, path),
  };
}

function decodeText(block: JsonObject, path: string): TextPart {
  const found = optional(block["citations"], `${path}.citations`, asArray) ?? [];
  // A citation of another vendor's answer went out without the index that Anthropic seals its own with.
  const citations = found.flatMap((value): Citation[] => {
    const citation = isObject(value) && value["encrypted_index"] === "" ? undefined : decodeCitation(value);
    return citation ? [citation] : [];
  });
  return {
    type: "text",
    text: asString(block["text"], `${path}.text`),
    ...(citations.length === 0 ? {} : { citations }),
    ...decodeCache(block, path),
  };
}

function decodeToolCall(block: JsonObject, path: string): ToolCallPart {
  return {
    type: "tool_call",
    id: asName(block["id"], `${path}.id`),
    name: asName(block["name"], `${path}.name`),
    arguments: JSON.stringify(asObject(block["input"], `${path}.input`)),
    ...decodeCache(block, path),
  };
}

function decodeResultContent(value: unknown, path: string): ToolResultPart["content"] {
  if (value === undefined || value === null || value === "") return [];
  if (typeof value === "string") return [{ type: "text", text: value }];
  return asArray(value, path).map((item, index) => {
    const at = `${path}[${index}]`;
    const block = asObject(item, at);
    const part = decodeBlock(block, at);
    return part.type === "text" || part.type === "image" || part.type === "file" ? part : nativePart(block);
  });
}

function decodeToolResult(block: JsonObject, path: string): ToolResultPart {
  const isError = optional(block["is_error"], `${path}.is_error`, asBoolean);
  return {
    type: "tool_result",
    toolCallId: asName(block["tool_use_id"], `${path}.tool_use_id`),
    content: decodeResultContent(block["content"], `${path}.content`),
    ...(isError === undefined ? {} : { isError }),
    ...decodeCache(block, path),
  };
}

// An answer of a vendor that signs no reasoning went out with an empty signature.
function decodeThinking(block: JsonObject, path: string): ReasoningPart {
  const text = asString(block["thinking"], `${path}.thinking`);
  const signature = asString(block["signature"], `${path}.signature`);
  return signature === ""
    ? { type: "reasoning", text }
    : { type: "reasoning", text, ...unpackSignature(signature, "anthropic") };
}

function decodeRedacted(block: JsonObject, path: string): ReasoningPart {
  const { signature, signedBy } = unpackSignature(asName(block["data"], `${path}.data`), "anthropic");
  return {
    type: "reasoning",
    text: "",
    signature: signedBy === "anthropic" ? REDACTED + signature : signature,
    signedBy,
  };
}

/** A content block in our words, or as it is where we have none for all of it. */
export function decodeBlock(value: unknown, path: string): Part {
  const block = asObject(value, path);
  const type = asName(block["type"], `${path}.type`);
  if (!isKnown(block, type)) return nativePart(block);
  switch (type) {
    case "text":
      return decodeText(block, path);
    case "image":
      return decodeImage(block, path);
    case "document":
      return decodeDocument(block, path);
    case "tool_use":
      return decodeToolCall(block, path);
    case "tool_result":
      return decodeToolResult(block, path);
    case "thinking":
      return decodeThinking(block, path);
    default:
      return decodeRedacted(block, path);
  }
}
