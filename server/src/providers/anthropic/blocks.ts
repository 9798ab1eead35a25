import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { FinishReason } from "@slipway/contracts/model/event.ts";
import type { JsonObject } from "#lib/shape.ts";
import type { ModelEventOutput } from "../codec.ts";
import { objectOf, textOf } from "../wire/json.ts";
import { REDACTED } from "./redacted.ts";
import { UsageCount } from "./usage.ts";

/**
 * Every `stop_reason` of the Messages API. `pause_turn` leaves an answer unfinished, as a bound does; it comes with tools that
 * Anthropic runs itself.
 */
const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map(
  Object.entries({
    end_turn: "stop",
    stop_sequence: "stop",
    max_tokens: "length",
    model_context_window_exceeded: "length",
    pause_turn: "length",
    tool_use: "tool_calls",
    refusal: "refusal",
  } as const),
);

/** What a message is made of, streamed or whole: blocks that start, grow and stop. */
export class MessageBlocks {
  readonly usage = new UsageCount();
  readonly #output: ModelEventOutput;
  #started = false;
  #finished = false;
  #reason: FinishReason | undefined;
  #toolCount = 0;
  /** The index of the tool call whose block is open. */
  #openTool = -1;
  #openToolHasArguments = false;

  constructor(output: ModelEventOutput) {
    this.#output = output;
  }

  /** The head of the message: `message_start` carries it, a whole answer is it. */
  start(message: JsonObject): void {
    this.usage.add(message["usage"]);
    if (this.#started) return;
    this.#started = true;
    const id = textOf(message["id"]);
    const model = textOf(message["model"]);
    this.#output.event({
      type: "start",
      ...(id === undefined ? {} : { id }),
      ...(model === undefined ? {} : { model }),
    });
  }

  /** A block, empty at the start of a stream's block, whole in a whole answer. Blocks of Anthropic's own tools are passed over. */
  startBlock(block: JsonObject): void {
    this.#openTool = -1;
    switch (block["type"]) {
      case "text":
        return this.text(block["text"]);
      case "thinking":
        this.thinking(block["thinking"]);
        return this.signature(block["signature"]);
      case "redacted_thinking": {
        const data = textOf(block["data"]);
        if (data !== undefined) this.signature(REDACTED + data);
        return;
      }
      case "tool_use":
        this.#startTool(block);
    }
  }

  text(value: unknown): void {
    const text = textOf(value);
    if (text !== undefined) this.#output.event({ type: "text", text });
  }

  thinking(value: unknown): void {
    const text = textOf(value);
    if (text !== undefined) this.#output.event({ type: "reasoning", text });
  }

  signature(value: unknown): void {
    const signature = textOf(value);
    if (signature !== undefined) this.#output.event({ type: "reasoning", text: "", signature, signedBy: "anthropic" });
  }

  /** A fragment of the open tool call's arguments; one of a block that is passed over is passed over too. */
  arguments(value: unknown): void {
    const text = textOf(value);
    if (text === undefined || this.#openTool === -1) return;
    this.#openToolHasArguments = true;
    this.#output.event({ type: "tool_call_delta", index: this.#openTool, arguments: text });
  }

  // A tool without parameters gets no fragments at all, or an empty one; its arguments are still an object.
  stopBlock(): void {
    if (this.#openTool !== -1 && !this.#openToolHasArguments) this.arguments("{}");
    this.#openTool = -1;
  }

  /** `stop_reason` and, for a refusal, its explanation. */
  stop(delta: JsonObject): void {
    const reason = textOf(delta["stop_reason"]);
    if (reason === undefined) return;
    this.#reason = FINISH_REASONS.get(reason) ?? "stop";
    const explanation = textOf(objectOf(delta["stop_details"])["explanation"]);
    if (explanation !== undefined) this.#output.event({ type: "refusal", text: explanation });
  }

  finish(): void {
    if (this.#finished) return;
    if (this.#reason === undefined) {
      throw new SlipwayError(
        "provider_stream_broken",
        "The provider anthropic ended the stream before the answer was whole.",
      );
    }
    this.#finished = true;
    const usage = this.usage.total();
    this.#output.event({ type: "finish", reason: this.#reason, ...(usage ? { usage } : {}) });
  }

  #startTool(block: JsonObject): void {
    const id = textOf(block["id"]);
    const name = textOf(block["name"]);
    if (id === undefined || name === undefined) {
      throw new SlipwayError("provider_stream_broken", "The provider anthropic sent a tool call without id or name.");
    }
    const index = this.#toolCount;
    this.#toolCount += 1;
    this.#openTool = index;
    this.#openToolHasArguments = false;
    this.#output.event({ type: "tool_call_start", index, id, name });
    const input = objectOf(block["input"]);
    if (Object.keys(input).length > 0) this.arguments(JSON.stringify(input));
  }
}
