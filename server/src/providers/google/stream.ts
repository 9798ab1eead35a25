import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { FinishReason } from "@slipway/contracts/model/event.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import { newId } from "#lib/ids.ts";
import { isObject, type JsonObject } from "#lib/shape.ts";
import type { ModelEventOutput, StreamDecoder } from "../codec.ts";
import { arrayOf, objectOf, parseEvent, textOf } from "../wire/json.ts";
import { cleanMessage, failureError } from "../wire/failure.ts";
import { decodeStreamError } from "./errors.ts";
import { decodeFinish } from "./finish.ts";
import { decodeUsage } from "./usage.ts";

/** Decodes the chunks of `streamGenerateContent`. Each is an answer of its own, so a whole answer is decoded as one chunk. */
export class GenerateContentStream implements StreamDecoder {
  readonly #apiKey: string;
  readonly #output: ModelEventOutput;
  #started = false;
  #finished = false;
  #toolCount = 0;
  #reason: FinishReason | undefined;
  #usage: Usage | undefined;

  constructor(apiKey: string, output: ModelEventOutput) {
    this.#apiKey = apiKey;
    this.#output = output;
  }

  // The format has no last event: the answer is over when the body is.
  event(data: string): boolean {
    this.chunk(parseEvent("google", data));
    return false;
  }

  end(): void {
    if (this.#finished) return;
    if (this.#reason === undefined) {
      throw new SlipwayError(
        "provider_stream_broken",
        "The provider google ended the stream before the answer was whole.",
      );
    }
    this.#finished = true;
    const reason = this.#reason === "stop" && this.#toolCount > 0 ? "tool_calls" : this.#reason;
    this.#output.event({ type: "finish", reason, ...(this.#usage ? { usage: this.#usage } : {}) });
  }

  /** Takes one chunk, its JSON already parsed. */
  chunk(chunk: JsonObject): void {
    if (chunk["error"] !== undefined) throw decodeStreamError(this.#apiKey, chunk);
    if (!this.#started) this.#start(chunk);
    const usage = chunk["usageMetadata"];
    if (isObject(usage)) this.#usage = decodeUsage(usage);
    // A prompt that is blocked gets no candidate at all.
    if (textOf(objectOf(chunk["promptFeedback"])["blockReason"]) !== undefined) this.#reason = "content_filter";
    for (const candidate of arrayOf(chunk["candidates"])) {
      if (!isObject(candidate) || (typeof candidate["index"] === "number" && candidate["index"] !== 0)) continue;
      for (const part of arrayOf(objectOf(candidate["content"])["parts"])) this.#part(objectOf(part));
      this.#finish(candidate);
    }
  }

  #start(chunk: JsonObject): void {
    this.#started = true;
    const id = textOf(chunk["responseId"]);
    const model = textOf(chunk["modelVersion"]);
    this.#output.event({
      type: "start",
      ...(id === undefined ? {} : { id }),
      ...(model === undefined ? {} : { model }),
    });
  }

  #part(part: JsonObject): void {
    const text = textOf(part["text"]);
    if (part["thought"] === true && text !== undefined) this.#output.event({ type: "reasoning", text });
    // The signature goes out before its part, for that is where it has to stand when it is sent back.
    const signature = textOf(part["thoughtSignature"]);
    if (signature !== undefined) this.#output.event({ type: "reasoning", text: "", signature, signedBy: "google" });
    if (part["thought"] !== true && text !== undefined) this.#output.event({ type: "text", text });
    const call = part["functionCall"];
    if (isObject(call)) this.#call(call);
  }

  #call(call: JsonObject): void {
    const name = textOf(call["name"]);
    if (name === undefined)
      throw new SlipwayError("provider_stream_broken", "The provider google sent a tool call without a name.");
    const index = this.#toolCount;
    this.#toolCount += 1;
    // Gemini before 3 gives calls no id.
    this.#output.event({ type: "tool_call_start", index, id: textOf(call["id"]) ?? newId("call"), name });
    this.#output.event({ type: "tool_call_delta", index, arguments: JSON.stringify(objectOf(call["args"])) });
  }

  #finish(candidate: JsonObject): void {
    const said = textOf(candidate["finishReason"]);
    if (said === undefined || said === "FINISH_REASON_UNSPECIFIED") return;
    const reason = decodeFinish(said);
    if (reason === "failed") {
      const message = textOf(candidate["finishMessage"]) ?? `The model's answer ended with ${said}.`;
      throw failureError({ provider: "google", kind: "error", message: cleanMessage(message, this.#apiKey) });
    }
    this.#reason = reason;
  }
}
