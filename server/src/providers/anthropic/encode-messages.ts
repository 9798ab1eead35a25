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

function encodeImage(part: ImagePart, path: string): Wire {
  if (part.detail !== undefined && part.detail !== "auto") {
    throw unsupported("anthropic", `${path}.detail`, "Leave it out; Anthropic has no such hint.");
  }
  const { source } = part;
  if (source.kind === "url") return { type: "image", source: { type: "url", url: source.url } };
  return { type: "image", source: { type: "base64", media_type: source.mediaType, data: source.data } };
}

function encodeReasoning(part: ReasoningPart): Wire | undefined {
  if (part.signature === undefined || (part.signedBy ?? "anthropic") !== "anthropic") return undefined;
  if (part.signature.startsWith(REDACTED))
    return { type: "redacted_thinking", data: part.signature.slice(REDACTED.length) };
  return { type: "thinking", thinking: part.text, signature: part.signature };
}

function encodeToolCall(part: ToolCallPart, path: string): Wire {
  return {
    type: "tool_use",
    id: toolId(part.id),
    name: part.name,
    input: objectArguments(part.arguments, `${path}.arguments`),
  };
}

function encodeToolResult(part: ToolResultPart): Wire {
  const result: Wire = { type: "tool_result", tool_use_id: toolId(part.toolCallId), content: part.text };
  if (part.isError !== undefined) result["is_error"] = part.isError;
  return result;
}

const PLACES: Readonly<Record<Part["type"], readonly Message["role"][]>> = {
  text: ["system", "user", "assistant"],
  image: ["user"],
  reasoning: ["assistant"],
  tool_call: ["assistant"],
  tool_result: ["tool"],
};

function encodePart(part: Part, role: Message["role"], path: string): Wire | undefined {
  if (!PLACES[part.type].includes(role))
    throw invalid(path, `A part of type ${part.type} has no place in a message of role ${role}.`);
  switch (part.type) {
    case "text":
      // Empty text blocks are refused, and say nothing.
      return part.text === "" ? undefined : { type: "text", text: part.text };
    case "image":
      return encodeImage(part, path);
    case "reasoning":
      return encodeReasoning(part);
    case "tool_call":
      return encodeToolCall(part, path);
    case "tool_result":
      return encodeToolResult(part);
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
