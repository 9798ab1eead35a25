import { type Message, type ModelRequest, type Part, toolResultText } from "@slipway/contracts/model/request.ts";

/** Characters of the user's text that an answer repeats. */
const MAX_ECHO = 4_000;
const CHARS_PER_TOKEN = 4;

/** The text of a message's parts, one after the other. */
function textOf(parts: readonly Part[]): string {
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** What the user said last, at most 4,000 characters of it. */
export function lastUserText(messages: readonly Message[]): string {
  const last = messages.findLast((message) => message.role === "user");
  return last ? textOf(last.content).slice(0, MAX_ECHO) : "";
}

/** What the last message says of tools, when it is a tool's answer: one line for each result. */
export function toolAnswerText(messages: readonly Message[]): string | undefined {
  const last = messages.at(-1);
  if (last?.role !== "tool") return undefined;
  const names = new Map<string, string>();
  for (const message of messages) {
    for (const part of message.content) if (part.type === "tool_call") names.set(part.id, part.name);
  }
  const lines = last.content.flatMap((part) => {
    if (part.type !== "tool_result") return [];
    const name = part.name ?? names.get(part.toolCallId) ?? part.toolCallId;
    return `The tool ${name} answered: ${toolResultText(part).slice(0, MAX_ECHO)}`;
  });
  return lines.join("\n");
}

/** The mock's tokens: a quarter of the characters, rounded up. Wrong for any real model, and the same every time. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / CHARS_PER_TOKEN);
}

/** Tokens of everything that the request says in text: messages, tool calls and results, and the definitions of tools. */
export function countPrompt(request: ModelRequest): number {
  let tokens = 0;
  for (const message of request.messages) {
    for (const part of message.content) {
      if (part.type === "tool_call") tokens += countTokens(part.name + part.arguments);
      else if (part.type === "tool_result") tokens += countTokens(toolResultText(part));
      else if (part.type === "text" || part.type === "reasoning") tokens += countTokens(part.text);
    }
  }
  for (const tool of request.tools) tokens += countTokens(JSON.stringify(tool));
  return tokens;
}

/** The text cut as a real model would cut it: before the first stop sequence, and at the bound of output tokens. */
export function cutText(text: string, request: ModelRequest): { readonly text: string; readonly cut: boolean } {
  let end = text.length;
  for (const stop of request.stop ?? []) {
    const at = stop === "" ? -1 : text.indexOf(stop);
    if (at !== -1) end = Math.min(end, at);
  }
  const limit = (request.maxOutputTokens ?? Number.POSITIVE_INFINITY) * CHARS_PER_TOKEN;
  return { text: text.slice(0, Math.min(end, limit)), cut: limit < end };
}

/** Words with the white space after them, so that they make the text again. */
export function words(text: string): readonly string[] {
  return text.match(/\S+\s*|\s+/g) ?? [];
}
