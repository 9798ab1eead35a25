import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { FinishEvent, ModelEvent } from "@slipway/contracts/model/event.ts";
import type { AnswerFrame, StreamWriter } from "../dialect.ts";
import { encodeError, encodeFinishReason, encodeUsage } from "./encode.ts";

/** Writes `chat.completion.chunk` events. The frame that every chunk repeats is made once; a chunk is one concatenation. */
export class ChatStreamWriter implements StreamWriter {
  readonly #frame: AnswerFrame;
  readonly #streamUsage: boolean;
  #head = "";

  constructor(frame: AnswerFrame, options: { readonly streamUsage: boolean }) {
    this.#frame = frame;
    this.#streamUsage = options.streamUsage;
  }

  event(event: ModelEvent): string {
    switch (event.type) {
      case "start":
        return this.#start(event.id, event.model);
      case "text":
        return this.#delta(`{"content":${JSON.stringify(event.text)}}`);
      case "reasoning":
        return event.text === "" ? "" : this.#delta(`{"reasoning_content":${JSON.stringify(event.text)}}`);
      case "refusal":
        return this.#delta(`{"refusal":${JSON.stringify(event.text)}}`);
      case "tool_call_start":
        return this.#delta(
          `{"tool_calls":[{"index":${event.index},"id":${JSON.stringify(event.id)},"type":"function",` +
            `"function":{"name":${JSON.stringify(event.name)},"arguments":""}}]}`,
        );
      case "tool_call_delta":
        return this.#delta(
          `{"tool_calls":[{"index":${event.index},"function":{"arguments":${JSON.stringify(event.arguments)}}}]}`,
        );
      case "finish":
        return this.#finish(event);
    }
  }

  end(): string {
    return "data: [DONE]\n\n";
  }

  fail(error: SlipwayError): string {
    return `data: ${JSON.stringify(encodeError(error))}\n\n`;
  }

  #start(id: string | undefined, model: string | undefined): string {
    if (this.#head !== "") return "";
    const frame = this.#frame;
    this.#head =
      `data: {"id":${JSON.stringify(id ?? frame.fallbackId)},"object":"chat.completion.chunk","created":${frame.created},` +
      `"model":${JSON.stringify(model ?? frame.model)},"choices":`;
    return this.#delta('{"role":"assistant","content":""}');
  }

  #delta(delta: string): string {
    const opening = this.#head === "" ? this.#start(undefined, undefined) : "";
    return `${opening}${this.#head}[{"index":0,"delta":${delta},"finish_reason":null}]}\n\n`;
  }

  #finish(event: FinishEvent): string {
    const opening = this.#head === "" ? this.#start(undefined, undefined) : "";
    const last = `${opening}${this.#head}[{"index":0,"delta":{},"finish_reason":"${encodeFinishReason(event.reason)}"}]}\n\n`;
    if (!this.#streamUsage || !event.usage) return last;
    return `${last}${this.#head}[],"usage":${JSON.stringify(encodeUsage(event.usage))}}\n\n`;
  }
}
