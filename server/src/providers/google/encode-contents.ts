import type {
  Message,
  NativePart,
  Part,
  ReasoningPart,
  ToolCallPart,
  ToolResultPart,
} from "@slipway/contracts/model/request.ts";
import { objectArguments } from "../wire/arguments.ts";
import { invalid, refuseName, refuseNative, unsupported } from "../wire/unsupported.ts";
import { encodeFile, encodeImage } from "./media.ts";

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

function encodeNative(part: NativePart, path: string): Wire {
  refuseNative(part, "google", "google", path);
  return part.value;
}

/**
 * What a tool answered, as the object that Google wants. Text that is the plain JSON of an object is that object; other text,
 * and JSON that would not survive being read (numbers of many digits), is its `output`.
 */
function responseOf(text: string, isError: boolean): Wire {
  if (isError) return { error: text };
  if (text.startsWith("{")) {
    try {
      const value: unknown = JSON.parse(text);
      if (JSON.stringify(value) === text) return value as Wire;
    } catch {
      // It is text then.
    }
  }
  return { output: text };
}

function encodeToolResult(part: ToolResultPart, names: ReadonlyMap<string, string>, path: string): Wire {
  const name = part.name ?? names.get(part.toolCallId);
  if (name === undefined) {
    throw invalid(
      `${path}.toolCallId`,
      "Google wants the name of the tool, and no call before this result has this id.",
    );
  }
  let text = "";
  const parts: Wire[] = [];
  part.content.forEach((piece, at) => {
    if (piece.type === "text") text += piece.text;
    else if (piece.type === "image") parts.push(encodeImage(piece, `${path}.content[${at}]`));
    else if (piece.type === "file") parts.push(encodeFile(piece, `${path}.content[${at}]`));
    else parts.push(encodeNative(piece, `${path}.content[${at}]`));
  });
  const response = responseOf(text, part.isError === true);
  return { functionResponse: { id: part.toolCallId, name, response, ...(parts.length === 0 ? {} : { parts }) } };
}

function signatureOf(part: ReasoningPart | ToolCallPart): string | undefined {
  return (part.signedBy ?? "google") === "google" ? part.signature : undefined;
}

function encodeToolCall(part: ToolCallPart, path: string): Wire {
  return { functionCall: { id: part.id, name: part.name, args: objectArguments(part.arguments, `${path}.arguments`) } };
}

/** Collects the parts of one answer of the model, each with the signature that belongs to it. */
class AnswerParts {
  readonly parts: Wire[] = [];
  readonly #signs: boolean;
  #signature: string | undefined;
  #called = false;

  constructor(model: string) {
    this.#signs = wantsSignatures(model);
  }

  // A signature belongs to the part after it, as it did when it came. Thoughts themselves are not sent back.
  add(part: Part, path: string): void {
    switch (part.type) {
      case "reasoning":
        this.#signature = signatureOf(part) ?? this.#signature;
        return;
      case "text":
        if (part.text !== "") this.#push({ text: part.text }, undefined);
        return;
      case "tool_call":
        return this.#call(part, path);
      case "native":
        // It has its own signature within it.
        this.parts.push(encodeNative(part, path));
        return;
      case "image":
        return this.#push(encodeImage(part, path), undefined);
      case "file":
        return this.#push(encodeFile(part, path), undefined);
      case "tool_result":
        throw invalid(path, "A tool's result has no place in an answer of the model.");
    }
  }

  /** A signature that no part came after closes the answer. */
  end(): void {
    if (this.#signature !== undefined) this.#push({ text: "" }, undefined);
  }

  #call(part: ToolCallPart, path: string): void {
    const own = signatureOf(part);
    const foreign = !this.#called && this.#signs ? FOREIGN_CALL : undefined;
    this.#called = true;
    this.#push(encodeToolCall(part, path), own ?? this.#signature ?? foreign);
  }

  #push(wire: Wire, signature: string | undefined): void {
    const found = signature ?? this.#signature;
    if (found !== undefined) wire["thoughtSignature"] = found;
    this.#signature = undefined;
    this.parts.push(wire);
  }
}

function encodeAnswer(message: Message, path: string, model: string): Wire[] {
  const answer = new AnswerParts(model);
  message.content.forEach((part, at) => answer.add(part, `${path}.content[${at}]`));
  answer.end();
  return answer.parts;
}

function encodeInput(part: Part, path: string): Wire {
  switch (part.type) {
    case "text":
      return { text: part.text };
    case "image":
      return encodeImage(part, path);
    case "file":
      return encodeFile(part, path);
    case "native":
      return encodeNative(part, path);
    default:
      throw invalid(path, `A part of type ${part.type} has no place in this message.`);
  }
}

function encodeSystem(message: Message, path: string): Wire[] {
  return message.content.map((part, at) => {
    if (part.type !== "text") throw invalid(`${path}.content[${at}]`, "A system message holds text only.");
    return { text: part.text };
  });
}

/**
 * The results of parallel calls go back in one content, as Gemini asks for; everything else stays a content of its own.
 * Sources that an earlier answer cited and cache marks are left out: Google has no place for them, and they change no answer.
 */
export function encodeContents(messages: readonly Message[], model: string): EncodedContents {
  const system: Wire[] = [];
  const contents: Content[] = [];
  const names = new Map<string, string>();
  let results: Wire[] | undefined;
  messages.forEach((message, index) => {
    const path = `messages[${index}]`;
    refuseName(message, "google", path);
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
