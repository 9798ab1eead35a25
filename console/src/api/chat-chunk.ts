import { ApiError, errorOfBody } from "./api-error.ts";

/** Tokens of one answer, as the server counted them. */
export interface TokenUsage {
  readonly input: number;
  readonly output: number;
}

/** What one chunk of a streamed answer says. */
export type ChatEvent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "usage"; readonly usage: TokenUsage }
  | { readonly type: "finish"; readonly reason: string };

/** The parts of a `chat.completion.chunk` that the console reads; everything may be missing. */
interface WireChunk {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null; readonly refusal?: string | null } | null;
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number } | null;
  readonly error?: unknown;
}

/**
 * Reads the data of one server-sent event. Throws {@link ApiError} for an error event, which is how a failure after the first
 * byte is told, and for data that is no JSON object.
 */
export function readChatChunk(data: string): ChatEvent[] {
  const chunk = parseChunk(data);
  if (chunk.error !== undefined && chunk.error !== null) throw errorOfBody(502, chunk);
  const events: ChatEvent[] = [];
  const choice = chunk.choices?.[0];
  const text = choice?.delta?.content ?? choice?.delta?.refusal;
  if (typeof text === "string" && text !== "") events.push({ type: "text", text });
  if (typeof choice?.finish_reason === "string") events.push({ type: "finish", reason: choice.finish_reason });
  const { prompt_tokens: input, completion_tokens: output } = chunk.usage ?? {};
  if (typeof input === "number" && typeof output === "number") events.push({ type: "usage", usage: { input, output } });
  return events;
}

function parseChunk(data: string): WireChunk {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null) return value;
  throw new ApiError({
    status: 0,
    code: "unreadable_answer",
    message: "A part of the answer is no JSON object.",
    hint: "Something between the browser and the server may have changed it.",
  });
}
