import type { FinishReason } from "@slipway/contracts/model/event.ts";
import type { RunEvent } from "./run-event.ts";

/**
 * Headers that the AI SDK's clients know the stream by.
 * Source: https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol and `UI_MESSAGE_STREAM_HEADERS` of npm `ai` 7.0.173.
 */
export const UI_MESSAGE_STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache",
  "x-vercel-ai-ui-message-stream": "v1",
  "x-accel-buffering": "no",
} as const;

// `finishReason` of the finish chunk in the words of the AI SDK.
const REASONS: Readonly<Record<FinishReason, string>> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool-calls",
  content_filter: "content-filter",
  refusal: "content-filter",
  pause: "other",
};

type Chunk = { readonly type: string } & Readonly<Record<string, unknown>>;

function frame(chunk: Chunk): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

/**
 * Writes the events of a run as a UI message stream, version 1, of the Vercel AI SDK: server-sent events, each a JSON chunk with a `type`,
 * ended by `[DONE]`. `useChat` and `readUIMessageStream` read it as it is.
 * Source: https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol; the chunks' fields: `uiMessageChunkSchema` of npm `ai` 7.0.173.
 */
export class UiMessageStream {
  readonly #runId: string;
  readonly #threadId: string;
  #part: { readonly kind: "text" | "reasoning"; readonly id: string } | undefined;
  #parts = 0;

  constructor(run: { readonly runId: string; readonly threadId: string }) {
    this.#runId = run.runId;
    this.#threadId = run.threadId;
  }

  /** What opens the stream. The run and its thread are the message's metadata. */
  begin(): string {
    const messageMetadata = { runId: this.#runId, threadId: this.#threadId };
    return frame({ type: "start", messageId: this.#runId, messageMetadata });
  }

  /** The text to send for an event; empty when it needs none. After `done` or `failed` the stream is over. */
  event(event: RunEvent): string {
    switch (event.type) {
      case "step_start":
        return frame({ type: "start-step" });
      case "text":
      case "refusal":
        return this.#delta("text", event.text);
      case "reasoning":
        return this.#delta("reasoning", event.text);
      case "tool_call": {
        const { id: toolCallId, name: toolName, input } = event;
        return this.#close() + frame({ type: "tool-input-available", toolCallId, toolName, input });
      }
      case "tool_result":
        return event.isError
          ? frame({ type: "tool-output-error", toolCallId: event.id, errorText: String(event.output) })
          : frame({ type: "tool-output-available", toolCallId: event.id, output: event.output });
      case "step_finish":
        return this.#close() + frame({ type: "finish-step" });
      case "done": {
        const { usage, steps } = event.run;
        const messageMetadata = { runId: this.#runId, threadId: this.#threadId, usage, steps };
        return this.#close() + frame({ type: "finish", finishReason: REASONS[event.reason], messageMetadata }) + END;
      }
      case "failed":
        return this.#close() + this.#failure(event.run.status, event.error.message) + END;
    }
  }

  /** The text that ends the stream in place of the run's own end. */
  fail(message: string): string {
    return this.#close() + frame({ type: "error", errorText: message }) + END;
  }

  #failure(status: string, message: string): string {
    return status === "cancelled"
      ? frame({ type: "abort", reason: message })
      : frame({ type: "error", errorText: message });
  }

  #delta(kind: "text" | "reasoning", delta: string): string {
    let opened = "";
    if (this.#part?.kind !== kind) {
      opened = this.#close();
      this.#parts += 1;
      this.#part = { kind, id: `${kind}-${this.#parts}` };
      opened += frame({ type: `${kind}-start`, id: this.#part.id });
    }
    return opened + frame({ type: `${kind}-delta`, id: this.#part.id, delta });
  }

  #close(): string {
    if (this.#part === undefined) return "";
    const { kind, id } = this.#part;
    this.#part = undefined;
    return frame({ type: `${kind}-end`, id });
  }
}

const END = "data: [DONE]\n\n";
