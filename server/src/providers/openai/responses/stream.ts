import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { FinishReason } from "@slipway/contracts/model/event.ts";
import type { JsonObject } from "#lib/shape.ts";
import type { ModelEventOutput, StreamDecoder } from "../../codec.ts";
import { decodeStreamError } from "../../wire/chat-completions/errors.ts";
import type { ChatCompletionsOptions } from "../../wire/chat-completions/options.ts";
import { arrayOf, objectOf, parseEvent, textOf } from "../../wire/json.ts";
import { TextTemplate } from "../../wire/text-template.ts";
import { OutputItems } from "./items.ts";
import { decodeUsage } from "./usage.ts";

/** Decodes the events of a streamed response (https://platform.openai.com/docs/api-reference/responses-streaming). */
export class ResponsesStream implements StreamDecoder {
  readonly #options: ChatCompletionsOptions;
  readonly #output: ModelEventOutput;
  readonly #items: OutputItems;
  readonly #template = new TextTemplate();
  #started = false;
  #finished = false;

  constructor(options: ChatCompletionsOptions, output: ModelEventOutput) {
    this.#options = options;
    this.#output = output;
    this.#items = new OutputItems(output);
  }

  // The type stands in the data too, so the name of the event is not needed. Types not known here are to be passed over.
  event(data: string): boolean {
    if (data === "[DONE]") return false;
    const known = this.#template.match(data);
    if (known !== undefined) {
      this.#items.text(known);
      return false;
    }
    const event = parseEvent(this.#options.provider, data);
    switch (event["type"]) {
      case "response.output_text.delta":
        this.#items.text(event["delta"]);
        if (typeof event["delta"] === "string") this.#template.learn(data, event["delta"]);
        return false;
      case "response.created":
        this.#start(objectOf(event["response"]));
        return false;
      case "response.completed":
      case "response.incomplete":
        this.#finish(objectOf(event["response"]));
        return true;
      case "response.failed":
        throw this.#failure(objectOf(event["response"]));
      case "error":
        throw decodeStreamError(this.#options, event);
      default:
        if (event["error"] != null) throw decodeStreamError(this.#options, event);
        this.#itemEvent(event);
        return false;
    }
  }

  end(): void {
    if (this.#finished) return;
    throw new SlipwayError(
      "provider_stream_broken",
      `The provider ${this.#options.provider} ended the stream before the answer was whole.`,
    );
  }

  /** Takes a response that was not streamed. */
  whole(response: JsonObject): void {
    this.#start(response);
    for (const item of arrayOf(response["output"])) this.#items.whole(objectOf(item));
    if (response["status"] === "failed" || response["status"] === "cancelled") throw this.#failure(response);
    this.#finish(response);
  }

  #itemEvent(event: JsonObject): void {
    switch (event["type"]) {
      case "response.output_item.added":
        return this.#items.begin(objectOf(event["item"]));
      case "response.content_part.added":
        if (objectOf(event["part"])["type"] === "output_text") this.#items.beginText();
        return;
      case "response.output_text.annotation.added":
        return this.#items.annotation(event["annotation"]);
      case "response.refusal.delta":
        return this.#items.refusal(event["delta"]);
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        return this.#items.reasoning(event["delta"]);
      case "response.reasoning_summary_part.added":
        // Parts of one summary are paragraphs of one piece of reasoning.
        if (typeof event["summary_index"] === "number" && event["summary_index"] > 0) this.#items.reasoning("\n\n");
        return;
      case "response.function_call_arguments.delta":
        return this.#items.arguments(textOf(event["item_id"]) ?? "", event["delta"]);
      case "response.output_item.done":
        return this.#items.done(objectOf(event["item"]));
    }
  }

  #start(response: JsonObject): void {
    if (this.#started) return;
    this.#started = true;
    const id = textOf(response["id"]);
    const model = textOf(response["model"]);
    this.#output.event({
      type: "start",
      ...(id === undefined ? {} : { id }),
      ...(model === undefined ? {} : { model }),
    });
  }

  #finish(response: JsonObject): void {
    if (!this.#started) this.#start(response);
    this.#finished = true;
    const usage = decodeUsage(response["usage"]);
    this.#output.event({ type: "finish", reason: this.#reason(response), ...(usage ? { usage } : {}) });
  }

  #reason(response: JsonObject): FinishReason {
    if (response["status"] === "incomplete") {
      const reason = objectOf(response["incomplete_details"])["reason"];
      return reason === "content_filter" ? "content_filter" : "length";
    }
    if (this.#items.hasCalls) return "tool_calls";
    return this.#items.refused ? "refusal" : "stop";
  }

  #failure(response: JsonObject): SlipwayError {
    return decodeStreamError(this.#options, { error: response["error"] ?? {} });
  }
}
