import type {
  ImagePart,
  Message,
  Part,
  ReasoningPart,
  ToolCallPart,
  ToolResultPart,
} from "@slipway/contracts/model/request.ts";
import { objectArguments } from "../wire/arguments.ts";
import { invalid, unsupported } from "../wire/unsupported.ts";

type Wire = Record<string, unknown>;

interface Content {
  readonly role: "user" | "model";
  readonly parts: Wire[];
}

/** The request's conversation in Gemini's words. */
export interface EncodedContents {
  readonly systemInstruction: { readonly parts: readonly Wire[] } | undefined;
  readonly contents: readonly Content[];
}

/**
 * Stands in for the signature that Gemini 3 insists on with the first call of a step, where the call came from another model
 * (https://ai.google.dev/gemini-api/docs/thought-signatures).
 */
const FOREIGN_CALL = "skip_thought_signature_validator";

// Gemini 1 and 2 check no signatures, and Gemma gives none.
function wantsSignatures(model: string): boolean {
  return !/^(?:models\/)?(?:gemini-[12]\b|gemma)/.test(model);
}

const IMAGE_TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  heic: "image/heic",
  heif: "image/heif",
};

const RESOLUTIONS: Readonly<Record<string, string>> = { low: "MEDIA_RESOLUTION_LOW", high: "MEDIA_RESOLUTION_HIGH" };

function encodeImage(part: ImagePart, path: string): Wire {
  const { source, detail } = part;
  let resolution: Wire = {};
  if (detail !== undefined && detail !== "auto") {
    const level = Object.hasOwn(RESOLUTIONS, detail) ? RESOLUTIONS[detail] : undefined;
    if (level === undefined) throw unsupported("google", `${path}.detail`, "Google knows low, high and auto.");
    resolution = { mediaResolution: { level } };
  }
  if (source.kind === "base64") return { inlineData: { mimeType: source.mediaType, data: source.data }, ...resolution };
  const extension = /\.([a-z]+)(?:[?#]|$)/i.exec(source.url)?.[1]?.toLowerCase() ?? "";
  const mimeType = Object.hasOwn(IMAGE_TYPES, extension) ? IMAGE_TYPES[extension] : undefined;
  if (mimeType === undefined) {
    throw unsupported(
      "google",
      `${path}.source.url`,
      "Google wants the type of an image, which this URL does not tell: send the image as data.",
    );
  }
  return { fileData: { fileUri: source.url, mimeType }, ...resolution };
}

function encodeToolResult(part: ToolResultPart, names: ReadonlyMap<string, string>, path: string): Wire {
  const name = part.name ?? names.get(part.toolCallId);
  if (name === undefined) {
    throw invalid(
      `${path}.toolCallId`,
      "Google wants the name of the tool, and no call before this result has this id.",
    );
  }
  const response = part.isError === true ? { error: part.text } : { output: part.text };
  return { functionResponse: { id: part.toolCallId, name, response } };
}

function signatureOf(part: ReasoningPart): string | undefined {
  return (part.signedBy ?? "google") === "google" ? part.signature : undefined;
}

function encodeToolCall(part: ToolCallPart, path: string): Wire {
  return { functionCall: { id: part.id, name: part.name, args: objectArguments(part.arguments, `${path}.arguments`) } };
}

// A signature belongs to the part after it, as it did when it came. Thoughts themselves are not sent back.
function encodeAnswer(message: Message, path: string, model: string): Wire[] {
  const parts: Wire[] = [];
  let signature: string | undefined;
  let called = false;
  message.content.forEach((part, at) => {
    if (part.type === "reasoning") {
      signature = signatureOf(part) ?? signature;
      return;
    }
    if (part.type !== "text" && part.type !== "tool_call") {
      throw unsupported(
        "google",
        `${path}.content[${at}]`,
        `An answer of the model cannot hold a part of type ${part.type}.`,
      );
    }
    if (part.type === "text" && part.text === "") return;
    const wire: Wire = part.type === "text" ? { text: part.text } : encodeToolCall(part, `${path}.content[${at}]`);
    if (part.type === "tool_call") {
      if (!called && signature === undefined && wantsSignatures(model)) signature = FOREIGN_CALL;
      called = true;
    }
    if (signature !== undefined) wire["thoughtSignature"] = signature;
    signature = undefined;
    parts.push(wire);
  });
  if (signature !== undefined) parts.push({ text: "", thoughtSignature: signature });
  return parts;
}

function encodeInput(part: Part, path: string): Wire {
  if (part.type === "text") return { text: part.text };
  if (part.type === "image") return encodeImage(part, path);
  throw invalid(path, `A part of type ${part.type} has no place in this message.`);
}

function encodeSystem(message: Message, path: string): Wire[] {
  return message.content.map((part, at) => {
    if (part.type !== "text") throw invalid(`${path}.content[${at}]`, "A system message holds text only.");
    return { text: part.text };
  });
}

/** The results of parallel calls go back in one content, as Gemini asks for; everything else stays a content of its own. */
export function encodeContents(messages: readonly Message[], model: string): EncodedContents {
  const system: Wire[] = [];
  const contents: Content[] = [];
  const names = new Map<string, string>();
  let results: Wire[] | undefined;
  messages.forEach((message, index) => {
    const path = `messages[${index}]`;
    if (message.role !== "tool") results = undefined;
    switch (message.role) {
      case "system":
        if (contents.length > 0)
          throw unsupported("google", path, "Google takes system messages at the beginning only.");
        system.push(...encodeSystem(message, path));
        return;
      case "user":
        contents.push({
          role: "user",
          parts: message.content.map((part, at) => encodeInput(part, `${path}.content[${at}]`)),
        });
        return;
      case "assistant": {
        for (const part of message.content) if (part.type === "tool_call") names.set(part.id, part.name);
        const parts = encodeAnswer(message, path, model);
        if (parts.length > 0) contents.push({ role: "model", parts });
        return;
      }
      case "tool":
        if (!results) contents.push({ role: "user", parts: (results = []) });
        for (const [at, part] of message.content.entries()) {
          const place = `${path}.content[${at}]`;
          if (part.type !== "tool_result")
            throw invalid(place, `A part of type ${part.type} has no place in a tool's message.`);
          results.push(encodeToolResult(part, names, place));
        }
    }
  });
  return { systemInstruction: system.length === 0 ? undefined : { parts: system }, contents };
}
