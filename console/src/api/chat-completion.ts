import { EventSourceParserStream } from "eventsource-parser/stream";
import { ApiError, errorOfResponse, unreachable } from "./api-error.ts";
import { fetchOwn } from "./own-request.ts";
import { readChatChunk, type ChatEvent } from "./chat-chunk.ts";

/** A message as the Chat Completions API takes it. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** Body of `POST /v1/chat/completions` as far as the console uses it. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly stream: true;
  readonly stream_options: { readonly include_usage: true };
}

/** Path of the API that the playground speaks, the same that any OpenAI client uses. */
export const CHAT_PATH = "/v1/chat/completions";

/** Longest single event and longest whole answer that the console reads, in characters. */
const MAX_EVENT_CHARS = 1_000_000;
const MAX_ANSWER_CHARS = 4_000_000;

/** The request of a conversation. */
export function chatRequest(model: string, messages: readonly ChatMessage[]): ChatRequest {
  return { model, messages, stream: true, stream_options: { include_usage: true } };
}

/**
 * Asks for an answer and yields it as it comes. Ends after the server's `[DONE]`.
 * Throws {@link ApiError}; when the caller aborts, whatever the abort threw.
 */
export async function* streamChat(
  request: ChatRequest,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent, void, undefined> {
  const response = await open(request, signal);
  try {
    yield* readChatStream(response.body ?? new ReadableStream());
  } catch (error) {
    if (signal.aborted || error instanceof ApiError) throw error;
    throw broken(error);
  }
}

async function open(request: ChatRequest, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetchOwn(CHAT_PATH, {
      method: "POST",
      headers: { accept: "text/event-stream", "content-type": "application/json" },
      body: JSON.stringify(request),
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw unreachable(error);
  }
  if (!response.ok) throw await errorOfResponse(response);
  return response;
}

/** Reads the bytes of one streamed answer. Throws {@link ApiError} when it breaks off before `[DONE]`. */
export async function* readChatStream(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<ChatEvent, void, undefined> {
  const events = body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ maxBufferSize: MAX_EVENT_CHARS }));
  const reader = events.getReader();
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw broken();
      if (value.data === "[DONE]") return;
      for (const event of readChatChunk(value.data)) {
        if (event.type === "text") length += event.text.length;
        if (length > MAX_ANSWER_CHARS) throw tooLong();
        yield event;
      }
    }
  } finally {
    // Also reached when the consumer stops early: without it the connection would stay open.
    await reader.cancel().catch(() => undefined);
  }
}

function broken(cause?: unknown): ApiError {
  return new ApiError(
    {
      status: 0,
      code: "stream_broken",
      message: "The answer broke off before it was finished.",
      hint: "The connection to the server was lost. Try again.",
    },
    cause,
  );
}

function tooLong(): ApiError {
  return new ApiError({
    status: 0,
    code: "answer_too_long",
    message: `The answer is longer than ${MAX_ANSWER_CHARS.toLocaleString("en")} characters, the most that the console shows.`,
    hint: "Ask for less, or call the API from a program.",
  });
}
