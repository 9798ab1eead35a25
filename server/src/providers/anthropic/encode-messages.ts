import type {
  Message,
  NativePart,
  Part,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from "@slipway/contracts/model/request.ts";
import { objectArguments } from "../wire/arguments.ts";
import { invalid, refuseName, refuseNative } from "../wire/unsupported.ts";
import { encodeDocument, encodeImage, withCache } from "./media.ts";
import { REDACTED } from "./redacted.ts";

type Wire = Record<string, unknown>;

interface WireMessage {
  readonly role: "user" | "assistant" | "system";
  readonly content: Wire[];
}

// Anthropic takes ids of letters, digits, _ and - only; other vendors' ids have dots and colons too.
function toolId(id: string): string {
  return id.replaceAll(/[^\w-]/g, "_");
}

// Empty text blocks are refused, and say nothing. A citation without Anthropic's own object points nowhere there.
function encodeText(part: TextPart): Wire | undefined {
  if (part.text === "") return undefined;
  const block: Wire = { type: "text", text: part.text };
  const citations = part.citations?.flatMap(({ native }) => (native?.family === "anthropic" ? [native.value] : []));
  if (citations && citations.length > 0) block["citations"] = citations;
  return withCache(block, part.cache);
}

function encodeNative(part: NativePart, path: string): Wire {
  refuseNative(part, "anthropic", "anthropic", path);
  return { ...part.value };
}

function encodeReasoning(part: ReasoningPart): Wire | undefined {
  if (part.signature === undefined || (part.signedBy ?? "anthropic") !== "anthropic") return undefined;
  if (part.signature.startsWith(REDACTED))
    return { type: "redacted_thinking", data: part.signature.slice(REDACTED.length) };
  return { type: "thinking", thinking: part.text, signature: part.signature };
}

function encodeToolCall(part: ToolCallPart, path: string): Wire {
  const input = objectArguments(part.arguments, `${path}.arguments`);
  return withCache({ type: "tool_use", id: toolId(part.id), name: part.name, input }, part.cache);
}

function encodeResultContent(part: ToolResultPart, path: string): unknown {
  const [only] = part.content;
  if (only === undefined) return "";
  if (part.content.length === 1 && only.type === "text" && only.cache === undefined) return only.text;
  return part.content.flatMap((piece, at) => {
    const block = encodePart(piece, "user", `${path}.content[${at}]`);
    return block ? [block] : [];
  });
}

function encodeToolResult(part: ToolResultPart, path: string): Wire {
  const content = encodeResultContent(part, path);
  const result: Wire = { type: "tool_result", tool_use_id: toolId(part.toolCallId), content };
  if (part.isError !== undefined) result["is_error"] = part.isError;
  return withCache(result, part.cache);
}

const PLACES: Readonly<Record<Part["type"], readonly Message["role"][]>> = {
  text: ["system", "user", "assistant"],
  image: ["user"],
  reasoning: ["assistant"],
  tool_call: ["assistant"],
  tool_result: ["tool"],
  file: ["user"],
  native: ["user", "assistant", "tool", "system"],
};

function encodePart(part: Part, role: Message["role"], path: string): Wire | undefined {
  if (!PLACES[part.type].includes(role))
    throw invalid(path, `A part of type ${part.type} has no place in a message of role ${role}.`);
  switch (part.type) {
    case "text":
      return encodeText(part);
    case "image":
      return encodeImage(part, path);
    case "file":
      return encodeDocument(part, path);
    case "reasoning":
      return encodeReasoning(part);
    case "tool_call":
      return encodeToolCall(part, path);
    case "tool_result":
      return encodeToolResult(part, path);
    case "native":
      return encodeNative(part, path);
  }
}

/** The leading system messages as Anthropic's `system` blocks, and the rest as its `messages`. */
export interface EncodedMessages {
  readonly system: readonly Wire[];
  readonly messages: readonly WireMessage[];
}

/**
 * Tool results are a user's blocks at Anthropic and must come first in the turn after the call, so neighbours of one role are
 * put together. A system message within the conversation goes as one, which newer models take and others refuse by name.
 */
export function encodeMessages(messages: readonly Message[]): EncodedMessages {
  const system: Wire[] = [];
  const wire: WireMessage[] = [];
  messages.forEach((message, index) => {
    refuseName(message, "anthropic", `messages[${index}]`);
    const blocks: Wire[] = [];
    message.content.forEach((part, at) => {
      const block = encodePart(part, message.role, `messages[${index}].content[${at}]`);
      if (block) blocks.push(block);
    });
    if (message.role === "system" && wire.length === 0) {
      system.push(...blocks);
      return;
    }
    if (blocks.length === 0) return;
    const role = message.role === "tool" ? "user" : message.role;
    const last = wire.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else wire.push({ role, content: blocks });
  });
  return { system, messages: wire };
}
