import type { Message, Part, TextPart, ToolCallPart, ToolResultPart } from "@slipway/contracts/model/request.ts";
import { invalid, unsupported } from "../unsupported.ts";
import type { ChatCompletionsOptions } from "./options.ts";
import { encodeText, encodeUserPart, isMarked } from "./parts.ts";

type Wire = Record<string, unknown>;

/** Texts as one, or as parts where one of them is marked. */
function encodeTexts(parts: readonly TextPart[], separator: string, options: ChatCompletionsOptions): unknown {
  const [first] = parts;
  if (parts.length === 1 && first && !isMarked(first, options)) return first.text;
  if (parts.some((part) => isMarked(part, options))) return parts.map((part) => encodeText(part, options));
  return parts.map((part) => part.text).join(separator);
}

function named(message: Message): Wire {
  return message.name === undefined ? {} : { name: message.name };
}

function encodeSystem(message: Message, path: string, options: ChatCompletionsOptions): Wire {
  const texts = message.content.map((part, index) => {
    if (part.type === "text") return part;
    throw invalid(`${path}.content[${index}]`, `A part of type ${part.type} has no place in this message.`);
  });
  return { role: "system", content: encodeTexts(texts, "\n\n", options), ...named(message) };
}

function encodeUser(message: Message, path: string, options: ChatCompletionsOptions): Wire {
  const [first] = message.content;
  if (message.content.length === 1 && first?.type === "text" && !isMarked(first, options))
    return { role: "user", content: first.text, ...named(message) };
  const content = message.content.map((part, index): Wire => {
    const at = `${path}.content[${index}]`;
    const encoded = encodeUserPart(part, at, options);
    if (encoded) return encoded;
    throw invalid(at, `A part of type ${part.type} has no place in a user's message.`);
  });
  return { role: "user", content, ...named(message) };
}

// Google's own upstream in this format takes its signatures so, and refuses a turn without them.
function encodeCall(part: ToolCallPart): Wire {
  const call: Wire = { id: part.id, type: "function", function: { name: part.name, arguments: part.arguments } };
  if (part.signature !== undefined && part.signedBy === "google")
    call["extra_content"] = { google: { thought_signature: part.signature } };
  return call;
}

function encodeAssistant(
  message: Message,
  path: string,
  options: ChatCompletionsOptions,
  withReasoning: boolean,
): Wire {
  const texts: TextPart[] = [];
  let reasoning = "";
  const calls: Wire[] = [];
  message.content.forEach((part, index) => {
    if (part.type === "text") texts.push(part);
    else if (part.type === "reasoning") reasoning += part.text;
    else if (part.type === "tool_call") calls.push(encodeCall(part));
    else {
      throw unsupported(
        options.provider,
        `${path}.content[${index}]`,
        `An answer of the model cannot hold a part of type ${part.type} here.`,
      );
    }
  });
  const content = encodeTexts(texts, "", options);
  return {
    role: "assistant",
    ...named(message),
    content: content === "" && calls.length > 0 ? null : content,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(withReasoning && reasoning !== "" ? { reasoning_content: reasoning } : {}),
  };
}

/** Tool results, and what of them the format has no place for: a tool's message holds text only. */
class ToolResults {
  readonly #options: ChatCompletionsOptions;
  #beside: Wire[] = [];

  constructor(options: ChatCompletionsOptions) {
    this.#options = options;
  }

  // The format has no flag for a failed tool, so the text says it.
  encode(part: ToolResultPart, path: string): Wire {
    const texts: TextPart[] = [];
    const beside: Wire[] = [];
    part.content.forEach((piece, at) => {
      if (piece.type === "text") texts.push(piece);
      else {
        const encoded = encodeUserPart(piece, `${path}.content[${at}]`, this.#options);
        if (encoded) beside.push(encoded);
      }
    });
    let content = encodeTexts(texts, "", this.#options);
    if (beside.length > 0) {
      this.#beside.push({ type: "text", text: `The tool call ${part.toolCallId} also gave:` }, ...beside);
      if (content === "") content = "What the tool gave follows in the next message.";
    }
    if (part.isError === true && typeof content === "string" && !/^error/i.test(content)) content = `Error: ${content}`;
    return { role: "tool", tool_call_id: part.toolCallId, content };
  }

  /** Puts images and files of the results so far at the end, as what the user says after them: nothing may stand between calls and results. */
  putRest(wire: Wire[]): void {
    if (this.#beside.length === 0) return;
    wire.push({ role: "user", content: this.#beside });
    this.#beside = [];
  }
}

function resultOf(part: Part, path: string): ToolResultPart {
  if (part.type === "tool_result") return part;
  throw invalid(path, `A part of type ${part.type} has no place in a tool's message.`);
}

/** The messages as `messages` of Chat Completions. */
export function encodeMessages(messages: readonly Message[], options: ChatCompletionsOptions): Wire[] {
  const turn = options.returnsReasoning
    ? messages.findLastIndex((message) => message.role === "user")
    : messages.length;
  const wire: Wire[] = [];
  const results = new ToolResults(options);
  messages.forEach((message, index) => {
    const path = `messages[${index}]`;
    if (message.role !== "tool") results.putRest(wire);
    switch (message.role) {
      case "system":
        wire.push(encodeSystem(message, path, options));
        return;
      case "user":
        wire.push(encodeUser(message, path, options));
        return;
      case "assistant":
        wire.push(encodeAssistant(message, path, options, index > turn));
        return;
      case "tool":
        message.content.forEach((part, at) => {
          const place = `${path}.content[${at}]`;
          wire.push(results.encode(resultOf(part, place), place));
        });
    }
  });
  results.putRest(wire);
  return wire;
}
