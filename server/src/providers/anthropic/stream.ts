import type { JsonObject } from "#lib/shape.ts";
import type { ModelEventOutput, StreamDecoder } from "../codec.ts";
import { objectOf, parseEvent, textOf } from "../wire/json.ts";
import { TextTemplate } from "../wire/text-template.ts";
import { MessageBlocks } from "./blocks.ts";
import { decodeStreamError } from "./errors.ts";

/** Decodes the events of a streamed message (https://platform.claude.com/docs/en/build-with-claude/streaming). */
export class MessagesStream implements StreamDecoder {
  readonly #apiKey: string;
  readonly #blocks: MessageBlocks;
  readonly #template = new TextTemplate();

  constructor(apiKey: string, output: ModelEventOutput) {
    this.#apiKey = apiKey;
    this.#blocks = new MessageBlocks(output);
  }

  // The type stands in the data too, so the name of the event is not needed. Types not known here are to be passed over.
  event(data: string): boolean {
    const known = this.#template.match(data);
    if (known !== undefined) {
      this.#blocks.text(known);
      return false;
    }
    const event = parseEvent("anthropic", data);
    switch (event["type"]) {
      case "content_block_delta":
        this.#delta(objectOf(event["delta"]), data);
        return false;
      case "message_start":
        this.#blocks.start(objectOf(event["message"]));
        return false;
      case "content_block_start":
        this.#blocks.startBlock(objectOf(event["content_block"]));
        return false;
      case "content_block_stop":
        this.#blocks.stopBlock();
        return false;
      case "message_delta":
        this.#blocks.count(event["usage"]);
        // What was done to the conversation stands beside the delta (context editing).
        if (event["context_management"] !== undefined) this.#blocks.note(event);
        this.#blocks.stop(objectOf(event["delta"]));
        return false;
      case "message_stop":
        this.#blocks.finish();
        return true;
      case "error":
        throw decodeStreamError(this.#apiKey, event);
      default:
        return false;
    }
  }

  end(): void {
    this.#blocks.finish();
  }

  #delta(delta: JsonObject, data: string): void {
    if (this.#blocks.growNative(delta)) return;
    switch (delta["type"]) {
      case "text_delta": {
        const text = textOf(delta["text"]);
        this.#blocks.text(text);
        if (text !== undefined) this.#template.learn(data, text);
        return;
      }
      case "input_json_delta":
        return this.#blocks.arguments(delta["partial_json"]);
      case "thinking_delta":
        return this.#blocks.thinking(delta["thinking"]);
      case "signature_delta":
        return this.#blocks.signature(delta["signature"]);
      case "citations_delta":
        return this.#blocks.citation(delta["citation"]);
    }
  }
}
