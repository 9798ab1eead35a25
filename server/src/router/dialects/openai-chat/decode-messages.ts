import { SlipwayError } from "@slipway/contracts/errors.ts";
import {
  type Citation,
  type Message,
  type Part,
  type TextPart,
  textResult,
  type ToolCallPart,
} from "@slipway/contracts/model/request.ts";
import { asArray, asName, asObject, asString, isObject, type JsonObject, optional } from "#lib/shape.ts";
import { decodeAnnotation } from "#providers/wire/chat-completions/annotations.ts";
import { decodePart, unsupported } from "./decode-parts.ts";

const KNOWN_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  system: new Set(["role", "content", "name"]),
  developer: new Set(["role", "content", "name"]),
  user: new Set(["role", "content", "name"]),
  assistant: new Set(["role", "content", "name", "tool_calls", "refusal", "reasoning_content", "annotations"]),
  tool: new Set(["role", "content", "tool_call_id", "name"]),
};

// Clients send answers back as they got them, with empty fields such as `annotations: []` or `audio: null`.
function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function refuseUnknown(message: JsonObject, known: ReadonlySet<string>, path: string): void {
  for (const key in message) {
    if (!known.has(key) && !isEmpty(message[key])) throw unsupported(`${path}.${key}`, "Leave the field out.");
  }
}

function decodeContent(value: unknown, path: string): Part[] {
  if (typeof value === "string") return [{ type: "text", text: value }];
  return asArray(value, path).map((part, index) => decodePart(part, `${path}[${index}]`));
}

function decodeTexts(value: unknown, path: string): TextPart[] {
  return decodeContent(value, path).map((part) => {
    if (part.type !== "text") throw unsupported(path, "Only text is carried here.");
    return part;
  });
}

// Google's clients of this format find the signature of a call here, and must send it back.
function decodeSignature(call: JsonObject): Pick<ToolCallPart, "signature" | "signedBy"> {
  const extra = call["extra_content"];
  const google = isObject(extra) ? extra["google"] : undefined;
  const signature = isObject(google) ? google["thought_signature"] : undefined;
  return typeof signature === "string" ? { signature, signedBy: "google" } : {};
}

// The sources of an answer's text; they stand beside it, and it is one part.
function withAnnotations(content: Part[], value: unknown, path: string): Part[] {
  if (isEmpty(value)) return content;
  const citations = asArray(value, path).flatMap((item): Citation[] => {
    const citation = decodeAnnotation(item);
    return citation ? [citation] : [];
  });
  return content.map((part, index) => (index === 0 && part.type === "text" ? { ...part, citations } : part));
}

function decodeToolCall(value: unknown, path: string): Part {
  const call = asObject(value, path);
  if (call["type"] !== undefined && call["type"] !== "function") {
    throw unsupported(`${path}.type`, "Tool calls of type function are carried.");
  }
  const fn = asObject(call["function"], `${path}.function`);
  return {
    type: "tool_call",
    id: asName(call["id"], `${path}.id`),
    name: asName(fn["name"], `${path}.function.name`),
    arguments: asString(fn["arguments"], `${path}.function.arguments`),
    ...decodeSignature(call),
  };
}

function decodeAssistant(message: JsonObject, path: string): Message {
  const content: Part[] = [];
  const reasoning = optional(message["reasoning_content"], `${path}.reasoning_content`, asString);
  if (reasoning) content.push({ type: "reasoning", text: reasoning });
  if (!isEmpty(message["content"])) {
    const said = decodeContent(message["content"], `${path}.content`);
    content.push(...withAnnotations(said, message["annotations"], `${path}.annotations`));
  }
  const refusal = optional(message["refusal"], `${path}.refusal`, asString);
  if (refusal) content.push({ type: "text", text: refusal });
  const calls = optional(message["tool_calls"], `${path}.tool_calls`, asArray) ?? [];
  calls.forEach((call, index) => content.push(decodeToolCall(call, `${path}.tool_calls[${index}]`)));
  if (content.length === 0) {
    throw new SlipwayError("invalid_request", `\`${path}\` has neither content nor tool calls.`, {
      param: `${path}.content`,
    });
  }
  return { role: "assistant", content };
}

function decodeMessage(value: unknown, path: string): Message {
  const message = asObject(value, path);
  const role = asString(message["role"], `${path}.role`);
  const known = Object.hasOwn(KNOWN_FIELDS, role) ? KNOWN_FIELDS[role] : undefined;
  if (!known) {
    throw new SlipwayError("invalid_request", `\`${path}.role\` must be system, developer, user, assistant or tool.`, {
      param: `${path}.role`,
    });
  }
  refuseUnknown(message, known, path);
  const name = optional(message["name"], `${path}.name`, asName);
  const named = name === undefined || role === "tool" ? {} : { name };
  switch (role) {
    case "assistant":
      return { ...decodeAssistant(message, path), ...named };
    case "tool":
      return { role, content: [decodeResult(message, name, path)] };
    case "user":
      return { role, content: decodeContent(message["content"], `${path}.content`), ...named };
    default:
      return { role: "system", content: decodeTexts(message["content"], `${path}.content`), ...named };
  }
}

function decodeResult(message: JsonObject, name: string | undefined, path: string): Part {
  const { content } = message;
  return {
    type: "tool_result",
    toolCallId: asName(message["tool_call_id"], `${path}.tool_call_id`),
    content: typeof content === "string" ? textResult(content) : decodeTexts(content, `${path}.content`),
    ...(name === undefined ? {} : { name }),
  };
}

/** OpenAI's `messages` in the words of the event model. */
export function decodeMessages(value: unknown): Message[] {
  const messages = asArray(value, "messages");
  if (messages.length === 0) {
    throw new SlipwayError("invalid_request", "`messages` must hold at least one message.", { param: "messages" });
  }
  return messages.map((message, index) => decodeMessage(message, `messages[${index}]`));
}
