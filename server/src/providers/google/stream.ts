import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { FinishReason } from "@slipway/contracts/model/event.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import { newId } from "#lib/ids.ts";
import { isObject, type JsonObject } from "#lib/shape.ts";
import type { ModelEventOutput, StreamDecoder } from "../codec.ts";
import { arrayOf, objectOf, parseEvent, textOf } from "../wire/json.ts";
import { cleanMessage, failureError } from "../wire/failure.ts";
import { decodeCitations } from "./citations.ts";
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
  /** The last piece of text, which is what sources are given for. */
  #text = "";
  /** What the candidate and the answer say besides contents, the latest word on each. */
  readonly #candidate: Record<string, unknown> = {};
  readonly #answer: Record<string, unknown> = {};

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
    for (const citation of decodeCitations(this.#candidate, this.#text))
      this.#output.event({ type: "citation", citation });
    const reason = this.#reason === "stop" && this.#toolCount > 0 ? "tool_calls" : this.#reason;
    const native = { family: "google", fields: { ...this.#answer, candidate: this.#candidate } } as const;
    this.#output.event({ type: "finish", reason, ...(this.#usage ? { usage: this.#usage } : {}), native });
  }

  /** Takes one chunk, its JSON already parsed. */
  chunk(chunk: JsonObject): void {
    if (chunk["error"] !== undefined) throw decodeStreamError(this.#apiKey, chunk);
    if (!this.#started) this.#start(chunk);
    for (const key in chunk) {
      if (key !== "candidates" && key !== "responseId" && key !== "modelVersion") this.#answer[key] = chunk[key];
    }
    const usage = chunk["usageMetadata"];
    if (isObject(usage)) this.#usage = decodeUsage(usage);
    // A prompt that is blocked gets no candidate at all.
    if (textOf(objectOf(chunk["promptFeedback"])["blockReason"]) !== undefined) this.#reason = "content_filter";
    for (const candidate of arrayOf(chunk["candidates"])) {
      if (!isObject(candidate) || (typeof candidate["index"] === "number" && candidate["index"] !== 0)) continue;
      for (const part of arrayOf(objectOf(candidate["content"])["parts"])) this.#part(objectOf(part));
      for (const key in candidate) if (key !== "content" && key !== "index") this.#candidate[key] = candidate[key];
      this.#finish(candidate);
    }
  }

  #start(chunk: JsonObject): void {
    this.#started = true;
    const id = textOf(chunk["responseId"]);
    const model = textOf(chunk["modelVersion"]);
    const usage = chunk["usageMetadata"];
    this.#output.event({
      type: "start",
      ...(id === undefined ? {} : { id }),
      ...(model === undefined ? {} : { model }),
      ...(isObject(usage) ? { usage: decodeUsage(usage) } : {}),
    });
  }

  #part(part: JsonObject): void {
    const call = part["functionCall"];
    if (isObject(call)) {
      this.#call(call, textOf(part["thoughtSignature"]));
      return;
    }
    const text = part["text"];
    const signature = textOf(part["thoughtSignature"]);
    if (typeof text !== "string" && !isSignatureAlone(part)) {
      // Code that Google ran, an image that it made, a tool of its own: whole, with its signature within it.
      this.#text = "";
      this.#output.event({ type: "native", family: "google", value: part });
      return;
    }
    const said = textOf(text);
    if (part["thought"] === true && said !== undefined) {
      this.#text = "";
      this.#output.event({ type: "reasoning", text: said });
    }
    // The signature goes out before its part, for that is where it has to stand when it is sent back.
    if (signature !== undefined) this.#output.event({ type: "reasoning", text: "", signature, signedBy: "google" });
    if (part["thought"] === true || said === undefined) return;
    this.#text = signature === undefined ? this.#text + said : said;
    this.#output.event({ type: "text", text: said });
  }

  #call(call: JsonObject, signature: string | undefined): void {
    const name = textOf(call["name"]);
    if (name === undefined)
      throw new SlipwayError("provider_stream_broken", "The provider google sent a tool call without a name.");
    const index = this.#toolCount;
    this.#toolCount += 1;
    this.#text = "";
    this.#output.event({
      type: "tool_call_start",
      index,
      // Gemini before 3 gives calls no id.
      id: textOf(call["id"]) ?? newId("call"),
      name,
      ...(signature === undefined ? {} : { signature, signedBy: "google" as const }),
    });
    this.#output.event({ type: "tool_call_delta", index, arguments: JSON.stringify(objectOf(call["args"])) });
  }

  #finish(candidate: JsonObject): void {
    const said = textOf(candidate["finishReason"]);
    if (said === undefined || said === "FINISH_REASON_UNSPECIFIED") return;
    const reason = decodeFinish(said);
    if (reason === "unusable" || reason === "rejected") {
      const message = textOf(candidate["finishMessage"]) ?? `The model's answer ended with ${said}.`;
      throw failureError({
        provider: "google",
        kind: reason,
        message: cleanMessage(message, this.#apiKey),
        usage: this.#usage,
      });
    }
    this.#reason = reason;
  }
}

// An empty part says nothing; one with a signature alone closes an answer that ends in thoughts.
function isSignatureAlone(part: JsonObject): boolean {
  for (const key in part) if (key !== "thoughtSignature" && key !== "thought") return false;
  return true;
}
