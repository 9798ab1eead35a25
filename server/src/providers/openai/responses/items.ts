import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { JsonObject } from "#lib/shape.ts";
import type { ModelEventOutput } from "../../codec.ts";
import { arrayOf, objectOf, textOf } from "../../wire/json.ts";
import { decodeAnnotation } from "./annotations.ts";
import { packReasoning } from "./reasoning.ts";

interface OpenCall {
  readonly index: number;
  hasArguments: boolean;
}

function isPlainCall(item: JsonObject): boolean {
  const caller = item["caller"];
  const direct = caller === undefined || caller === null || objectOf(caller)["type"] === "direct";
  return direct && textOf(item["namespace"]) === undefined && item["async"] !== true;
}

/** The items of a response's output, streamed or whole: they begin, grow and are done. Several may be open at once. */
export class OutputItems {
  readonly #output: ModelEventOutput;
  readonly #calls = new Map<string, OpenCall>();
  #callCount = 0;
  /** The phase of the message that is open, and of the piece of its text that begins. */
  #messagePhase: string | undefined;
  #phase: string | undefined;
  #afterText = false;
  #refused = false;

  constructor(output: ModelEventOutput) {
    this.#output = output;
  }

  get hasCalls(): boolean {
    return this.#callCount > 0;
  }

  get refused(): boolean {
    return this.#refused;
  }

  begin(item: JsonObject): void {
    if (item["type"] === "message") this.#phase = this.#messagePhase = textOf(item["phase"]);
    else this.#afterText = false;
    if (item["type"] === "function_call" && isPlainCall(item)) this.#beginCall(item);
  }

  /** A piece of a message's text begins: another one is another part. */
  beginText(): void {
    if (this.#afterText) this.#output.event({ type: "text_end" });
    this.#afterText = true;
    this.#phase = this.#messagePhase;
  }

  text(value: unknown): void {
    const text = textOf(value);
    if (text === undefined) return;
    const phase = this.#phase;
    this.#phase = undefined;
    this.#output.event(phase === undefined ? { type: "text", text } : { type: "text", text, phase });
  }

  annotation(value: unknown): void {
    const citation = decodeAnnotation(value);
    if (citation) this.#output.event({ type: "citation", citation });
  }

  refusal(value: unknown): void {
    const text = textOf(value);
    if (text === undefined) return;
    this.#refused = true;
    this.#output.event({ type: "refusal", text });
  }

  reasoning(value: unknown): void {
    const text = textOf(value);
    if (text !== undefined) this.#output.event({ type: "reasoning", text });
  }

  arguments(itemId: string, value: unknown): void {
    const call = this.#calls.get(itemId);
    const text = textOf(value);
    if (!call || text === undefined) return;
    call.hasArguments = true;
    this.#output.event({ type: "tool_call_delta", index: call.index, arguments: text });
  }

  /** The item is whole. What has no word of ours goes on as it is. */
  done(item: JsonObject): void {
    switch (item["type"]) {
      case "message":
        return;
      case "reasoning": {
        const encrypted = textOf(item["encrypted_content"]);
        if (encrypted === undefined) return;
        const signature = packReasoning(textOf(item["id"]) ?? "", encrypted);
        this.#output.event({ type: "reasoning", text: "", signature, signedBy: "openai" });
        return;
      }
      case "function_call": {
        const id = textOf(item["id"]) ?? textOf(item["call_id"]) ?? "";
        const call = this.#calls.get(id);
        if (call && !call.hasArguments) this.arguments(id, item["arguments"]);
        if (call) return;
      }
    }
    if (textOf(item["type"]) !== undefined) this.#output.event({ type: "native", family: "openai", value: item });
  }

  /** An item of an answer that is not streamed. */
  whole(item: JsonObject): void {
    this.begin(item);
    if (item["type"] === "message") {
      for (const value of arrayOf(item["content"])) this.#wholePart(objectOf(value));
    } else if (item["type"] === "reasoning") {
      const parts = [...arrayOf(item["summary"]), ...arrayOf(item["content"])];
      parts.forEach((part, at) => this.reasoning(`${at > 0 ? "\n\n" : ""}${textOf(objectOf(part)["text"]) ?? ""}`));
    }
    this.done(item);
  }

  #wholePart(part: JsonObject): void {
    if (part["type"] === "refusal") return this.refusal(part["refusal"]);
    if (part["type"] !== "output_text") return;
    this.beginText();
    this.text(part["text"]);
    for (const annotation of arrayOf(part["annotations"])) this.annotation(annotation);
  }

  #beginCall(item: JsonObject): void {
    const callId = textOf(item["call_id"]);
    const name = textOf(item["name"]);
    if (callId === undefined || name === undefined) {
      throw new SlipwayError("provider_stream_broken", "The provider openai sent a tool call without id or name.");
    }
    const call: OpenCall = { index: this.#callCount, hasArguments: false };
    this.#callCount += 1;
    const id = textOf(item["id"]) ?? callId;
    this.#calls.set(id, call);
    this.#output.event({ type: "tool_call_start", index: call.index, id: callId, name });
    this.arguments(id, item["arguments"]);
  }
}
