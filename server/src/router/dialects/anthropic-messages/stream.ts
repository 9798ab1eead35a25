import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { FinishEvent, ModelEvent, ReasoningEvent, StartEvent } from "@slipway/contracts/model/event.ts";
import { NO_USAGE } from "@slipway/contracts/model/usage.ts";
import { isObject, type JsonObject } from "#lib/shape.ts";
import { REDACTED } from "#providers/anthropic/redacted.ts";
import type { AnswerFrame, StreamWriter } from "../dialect.ts";
import { encodeCallSignature, encodeReasoning, encodeStop, encodeUsage, ownFields, toolUse } from "./encode.ts";
import { encodeCitation } from "./encode-citation.ts";
import { encodeError } from "./errors.ts";
import { ToolBlockQueue } from "./tool-block-queue.ts";

function sse(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

const PING = sse("ping", { type: "ping" });
const MESSAGE_STOP = sse("message_stop", { type: "message_stop" });

/**
 * Writes the events of a streamed message (https://platform.claude.com/docs/en/build-with-claude/streaming). What every text
 * delta of a block repeats is made once, so that a chunk is one concatenation.
 */
export class MessagesStreamWriter implements StreamWriter {
  readonly #frame: AnswerFrame;
  readonly #calls: ToolBlockQueue;
  #started = false;
  #index = -1;
  #open: "text" | "thinking" | "other" | undefined;
  #textHead = "";
  #signed = false;
  #refusal = "";
  /** What came between the pieces of a call: a block is written in one go. */
  #held: ModelEvent[] = [];

  constructor(frame: AnswerFrame) {
    this.#frame = frame;
    this.#calls = new ToolBlockQueue(
      (call) => {
        const sealed = encodeCallSignature(call.signature);
        const head = sealed ? this.#openBlock("other", sealed) : "";
        return head + this.#openBlock("other", toolUse(call.id, call.name, {}));
      },
      (json) => this.#delta({ type: "input_json_delta", partial_json: json }),
    );
  }

  event(event: ModelEvent): string {
    if (this.#mustWait(event)) {
      this.#held.push(event);
      return "";
    }
    switch (event.type) {
      case "text":
        return this.#text(event.text);
      case "start":
        return this.#started ? "" : this.#start(event);
      case "reasoning":
        return this.#begin() + this.#reasoning(event);
      case "citation": {
        const opening = this.#open === "text" ? "" : this.#openText();
        return opening + this.#delta({ type: "citations_delta", citation: encodeCitation(event.citation) });
      }
      case "text_end":
        return this.#open === "text" ? this.#close() : "";
      case "refusal":
        this.#refusal += event.text;
        return "";
      case "native":
        return event.family === "anthropic" ? this.#begin() + this.#native(event.value) : "";
      case "tool_call_start": {
        const { index, id, name } = event;
        return this.#begin() + this.#calls.start({ index, id, name, signature: event, arguments: "" });
      }
      case "tool_call_delta": {
        const text = this.#calls.arguments(event.index, event.arguments);
        return this.#held.length === 0 ? text : text + this.#release(false);
      }
      case "finish":
        return this.#begin() + this.#release(true) + this.#finish(event);
    }
  }

  end(): string {
    return MESSAGE_STOP;
  }

  keepAlive(): string {
    return PING;
  }

  fail(error: SlipwayError): string {
    return sse("error", encodeError(error, this.#frame.requestId));
  }

  #mustWait(event: ModelEvent): boolean {
    const waits = this.#held.length > 0;
    switch (event.type) {
      case "tool_call_delta":
        return waits && !this.#calls.has(event.index);
      case "tool_call_start":
        return waits;
      case "text":
      case "reasoning":
      case "citation":
      case "text_end":
      case "native":
        return waits || this.#calls.unfinished;
      case "start":
      case "refusal":
      case "finish":
        return false;
    }
  }

  /** Writes what was held, as soon as nothing is in its way; `last`: whatever is, for nothing more will come of it. */
  #release(last: boolean): string {
    let text = "";
    while (this.#held.length > 0) {
      if (last) text += this.#calls.flush();
      else if (this.#calls.unfinished) break;
      const held = this.#held;
      this.#held = [];
      for (const event of held) text += this.event(event);
    }
    return text;
  }

  #begin(): string {
    return this.#started ? "" : this.#start({ type: "start" });
  }

  #start(event: StartEvent): string {
    this.#started = true;
    const frame = this.#frame;
    const message = {
      id: event.id ?? frame.fallbackId,
      type: "message",
      role: "assistant",
      model: event.model ?? frame.model,
      content: [],
      container: null,
      stop_reason: null,
      stop_sequence: null,
      usage: encodeUsage(event.usage ?? NO_USAGE, undefined),
    };
    return sse("message_start", { type: "message_start", message }) + PING;
  }

  #text(text: string): string {
    if (this.#open === "text") return `${this.#textHead}${JSON.stringify(text)}}}\n\n`;
    return text === "" ? "" : `${this.#openText()}${this.#textHead}${JSON.stringify(text)}}}\n\n`;
  }

  #openText(): string {
    const opening = this.#begin() + this.#calls.flush() + this.#openBlock("text", { type: "text", text: "" });
    this.#textHead =
      `event: content_block_delta\ndata: {"type":"content_block_delta","index":${this.#index},` +
      `"delta":{"type":"text_delta","text":`;
    return opening;
  }

  // As the fold does it: a signature ends a piece, and the next one is another block.
  #reasoning(event: ReasoningEvent): string {
    const { text, signature } = event;
    if (signature?.startsWith(REDACTED) === true) {
      return this.#wholeBlock(encodeReasoning({ type: "reasoning", text: "", signature }));
    }
    let out = "";
    if (this.#open !== "thinking" || this.#signed) {
      out = this.#calls.flush() + this.#openBlock("thinking", { type: "thinking", thinking: "", signature: "" });
      this.#signed = false;
    }
    if (text !== "") out += this.#delta({ type: "thinking_delta", thinking: text });
    if (signature === undefined) return out;
    this.#signed = true;
    const sealed = encodeReasoning({ ...event, signature })["signature"];
    return out + this.#delta({ type: "signature_delta", signature: sealed });
  }

  // An input comes as a delta, as it does from Anthropic: clients gather it from there.
  #native(value: JsonObject): string {
    const input = value["input"];
    if (!isObject(input)) return this.#wholeBlock(value);
    return (
      this.#calls.flush() +
      this.#openBlock("other", { ...value, input: {} }) +
      this.#delta({ type: "input_json_delta", partial_json: JSON.stringify(input) }) +
      this.#close()
    );
  }

  #finish(event: FinishEvent): string {
    const { reason, stopSequence, native } = event;
    const closing = this.#calls.flush() + this.#close();
    const delta = encodeStop({ reason, stopSequence, refusal: this.#refusal, native });
    const own = ownFields(native);
    const edits = own["context_management"] === undefined ? {} : { context_management: own["context_management"] };
    const usage = encodeUsage(event.usage ?? NO_USAGE, own["usage"]);
    return closing + sse("message_delta", { type: "message_delta", delta, usage, ...edits });
  }

  #wholeBlock(block: JsonObject): string {
    return this.#calls.flush() + this.#openBlock("other", block) + this.#close();
  }

  /** Closes the block before. Calls that wait are to be written first, but for a call's own block. */
  #openBlock(kind: "text" | "thinking" | "other", block: JsonObject): string {
    const before = this.#close();
    this.#index += 1;
    this.#open = kind;
    const start = { type: "content_block_start", index: this.#index, content_block: block };
    return before + sse("content_block_start", start);
  }

  #delta(delta: JsonObject): string {
    return sse("content_block_delta", { type: "content_block_delta", index: this.#index, delta });
  }

  #close(): string {
    if (this.#open === undefined) return "";
    this.#open = undefined;
    return sse("content_block_stop", { type: "content_block_stop", index: this.#index });
  }
}
