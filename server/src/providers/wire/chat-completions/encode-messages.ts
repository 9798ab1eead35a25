import type { ImagePart, Message, Part, ToolResultPart } from "@slipway/contracts/model/request.ts";
import { invalid, unsupported } from "../unsupported.ts";
import type { ChatCompletionsOptions } from "./options.ts";

type Wire = Record<string, unknown>;

function plainText(parts: readonly Part[], path: string, separator: string): string {
  let text: string | undefined;
  parts.forEach((part, index) => {
    if (part.type !== "text")
      throw invalid(`${path}.content[${index}]`, `A part of type ${part.type} has no place in this message.`);
    text = text === undefined ? part.text : text + separator + part.text;
  });
  return text ?? "";
}

function encodeImage(part: ImagePart): Wire {
  const { source } = part;
  const url = source.kind === "url" ? source.url : `data:${source.mediaType};base64,${source.data}`;
  return { type: "image_url", image_url: part.detail === undefined ? { url } : { url, detail: part.detail } };
}

function encodeUser(message: Message, path: string): Wire {
  const [first] = message.content;
  if (message.content.length === 1 && first?.type === "text") return { role: "user", content: first.text };
  const content = message.content.map((part, index): Wire => {
    if (part.type === "text") return { type: "text", text: part.text };
    if (part.type === "image") return encodeImage(part);
    throw invalid(`${path}.content[${index}]`, `A part of type ${part.type} has no place in a user's message.`);
  });
  return { role: "user", content };
}

function encodeAssistant(
  message: Message,
  path: string,
  options: ChatCompletionsOptions,
  withReasoning: boolean,
): Wire {
  let text = "";
  let reasoning = "";
  const calls: Wire[] = [];
  message.content.forEach((part, index) => {
    if (part.type === "text") text += part.text;
    else if (part.type === "reasoning") reasoning += part.text;
    else if (part.type === "tool_call") {
      calls.push({ id: part.id, type: "function", function: { name: part.name, arguments: part.arguments } });
    } else {
      throw unsupported(
        options.provider,
        `${path}.content[${index}]`,
        `An answer of the model cannot hold a part of type ${part.type}.`,
      );
    }
  });
  return {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(withReasoning && reasoning !== "" ? { reasoning_content: reasoning } : {}),
  };
}

// The format has no flag for a failed tool, so the text says it.
function encodeToolResult(part: ToolResultPart): Wire {
  const content = part.isError === true && !/^error/i.test(part.text) ? `Error: ${part.text}` : part.text;
  return { role: "tool", tool_call_id: part.toolCallId, content };
}

function encodeTool(message: Message, path: string): Wire[] {
  return message.content.map((part, index) => {
    if (part.type === "tool_result") return encodeToolResult(part);
    throw invalid(`${path}.content[${index}]`, `A part of type ${part.type} has no place in a tool's message.`);
  });
}

/** The messages as `messages` of Chat Completions. */
export function encodeMessages(messages: readonly Message[], options: ChatCompletionsOptions): Wire[] {
  const turn = options.returnsReasoning
    ? messages.findLastIndex((message) => message.role === "user")
    : messages.length;
  const wire: Wire[] = [];
  messages.forEach((message, index) => {
    const path = `messages[${index}]`;
    switch (message.role) {
      case "system":
        wire.push({ role: "system", content: plainText(message.content, path, "\n\n") });
        return;
      case "user":
        wire.push(encodeUser(message, path));
        return;
      case "assistant":
        wire.push(encodeAssistant(message, path, options, index > turn));
        return;
      case "tool":
        wire.push(...encodeTool(message, path));
    }
  });
  return wire;
}
