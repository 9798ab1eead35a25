import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { FinishReason } from "@slipway/contracts/model/event.ts";
import type { JsonObject } from "#lib/shape.ts";
import type { ModelEventOutput } from "../codec.ts";
import { arrayOf, objectOf, textOf } from "../wire/json.ts";
import { AnswerExtras } from "./answer-extras.ts";
import { decodeCitation } from "./citations.ts";
import { NativeBlock } from "./native-block.ts";
import { REDACTED } from "./redacted.ts";
import { UsageCount } from "./usage.ts";

/** Every `stop_reason` of the Messages API. */
const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map(
  Object.entries({
    end_turn: "stop",
    stop_sequence: "stop",
    max_tokens: "length",
    model_context_window_exceeded: "length",
    pause_turn: "pause",
    tool_use: "tool_calls",
    refusal: "refusal",
  } as const),
);

// A call that the model makes through code which runs at Anthropic, or of a set of tools, is more than our word for calls can say.
function isPlainCall(block: JsonObject): boolean {
  const caller = block["caller"];
  const direct = caller === undefined || caller === null || objectOf(caller)["type"] === "direct";
  return direct && textOf(block["toolset_name"]) === undefined;
}

/** What a message is made of, streamed or whole: blocks that start, grow and stop. */
export class MessageBlocks {
  readonly #usage = new UsageCount();
  readonly #extras = new AnswerExtras();
  readonly #output: ModelEventOutput;
  #started = false;
  #finished = false;
  #reason: FinishReason | undefined;
  #stopSequence: string | undefined;
  #toolCount = 0;
  /** The index of the tool call whose block is open. */
  #openTool = -1;
  #openToolHasArguments = false;
  #native: NativeBlock | undefined;
  /** The block before was text: another text is another part. */
  #afterText = false;

  constructor(output: ModelEventOutput) {
    this.#output = output;
  }

  /** The head of the message: `message_start` carries it, a whole answer is it. */
  start(message: JsonObject): void {
    this.count(message["usage"]);
    this.#extras.add(message);
    if (this.#started) return;
    this.#started = true;
    const id = textOf(message["id"]);
    const model = textOf(message["model"]);
    const usage = this.#usage.total();
    this.#output.event({
      type: "start",
      ...(id === undefined ? {} : { id }),
      ...(model === undefined ? {} : { model }),
      ...(usage === undefined ? {} : { usage }),
    });
  }

  /** A `usage` object: of the head, or of the end, whose counts stand over it. */
  count(usage: unknown): void {
    this.#usage.add(usage);
    this.#extras.addUsage(usage);
  }

  /** Facts of the whole message that stand beside its head and its end. */
  note(fields: JsonObject): void {
    this.#extras.add(fields);
  }

  /** A block, empty at the start of a stream's block, whole in a whole answer. What has no word of ours goes on as it is. */
  startBlock(block: JsonObject): void {
    this.#openTool = -1;
    this.#native = undefined;
    const afterText = this.#afterText;
    this.#afterText = false;
    switch (block["type"]) {
      case "text":
        if (afterText) this.#output.event({ type: "text_end" });
        this.#afterText = true;
        this.text(block["text"]);
        for (const citation of arrayOf(block["citations"])) this.citation(citation);
        return;
      case "thinking":
        this.thinking(block["thinking"]);
        return this.signature(block["signature"]);
      case "redacted_thinking": {
        const data = textOf(block["data"]);
        if (data !== undefined) this.signature(REDACTED + data);
        return;
      }
      case "tool_use":
        if (isPlainCall(block)) this.#startTool(block);
        else this.#native = new NativeBlock(block);
        return;
      default:
        if (typeof block["type"] === "string") this.#native = new NativeBlock(block);
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

  citation(value: unknown): void {
    const citation = decodeCitation(value);
    if (citation) this.#output.event({ type: "citation", citation });
  }

  /** A fragment of the open tool call's arguments. */
  arguments(value: unknown): void {
    const text = textOf(value);
    if (text === undefined || this.#openTool === -1) return;
    this.#openToolHasArguments = true;
    this.#output.event({ type: "tool_call_delta", index: this.#openTool, arguments: text });
  }

  /** A delta of a block that has no word of ours; false when the open block is another. */
  growNative(delta: JsonObject): boolean {
    this.#native?.grow(delta);
    return this.#native !== undefined;
  }

  // A tool without parameters gets no fragments at all, or an empty one; its arguments are still an object.
  stopBlock(): void {
    if (this.#openTool !== -1 && !this.#openToolHasArguments) this.arguments("{}");
    this.#openTool = -1;
    if (!this.#native) return;
    this.#output.event({ type: "native", family: "anthropic", value: this.#native.value() });
    this.#native = undefined;
  }

  /** `stop_reason`, the sequence that was met and, for a refusal, its explanation. */
  stop(delta: JsonObject): void {
    this.#extras.add(delta);
    const reason = textOf(delta["stop_reason"]);
    if (reason === undefined) return;
    this.#reason = FINISH_REASONS.get(reason) ?? "stop";
    this.#stopSequence = textOf(delta["stop_sequence"]);
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
    const usage = this.#usage.total();
    const fields = this.#extras.fields();
    this.#output.event({
      type: "finish",
      reason: this.#reason,
      ...(usage ? { usage } : {}),
      ...(this.#stopSequence === undefined ? {} : { stopSequence: this.#stopSequence }),
      ...(fields ? { native: { family: "anthropic", fields } } : {}),
    });
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
