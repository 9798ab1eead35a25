import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { FinishEvent, ModelEvent, StartEvent } from "@slipway/contracts/model/event.ts";
import type { JsonObject } from "#lib/shape.ts";
import type { AnswerFrame, StreamWriter } from "../dialect.ts";
import { showsSeals } from "./encode.ts";
import { ItemWriter } from "./item-writer.ts";
import { encodeResponse, type ResponseState, statusOf } from "./response.ts";

/**
 * Writes the events of a streamed response in the documented order, numbered from 0
 * (https://platform.openai.com/docs/api-reference/responses-streaming).
 */
export class ResponsesStreamWriter implements StreamWriter {
  readonly #frame: AnswerFrame;
  readonly #items: ItemWriter;
  #started = false;
  #model: string;
  #last: FinishEvent | undefined;
  #refused = false;

  constructor(frame: AnswerFrame) {
    this.#frame = frame;
    this.#model = frame.model;
    this.#items = new ItemWriter(frame.fallbackId, showsSeals(frame));
  }

  event(event: ModelEvent): string {
    switch (event.type) {
      case "text":
        return this.#begin() + this.#items.text(event.text, event.phase);
      case "start":
        return this.#started ? "" : this.#start(event);
      case "reasoning":
        return this.#begin() + this.#items.reasoning(event);
      case "citation":
        return this.#begin() + this.#items.citation(event.citation);
      case "text_end":
        return this.#items.endText();
      case "refusal":
        this.#refused = true;
        return this.#begin() + this.#items.refusal(event.text);
      case "native":
        return event.family === "openai" ? this.#begin() + this.#items.native(event.value) : this.#items.passOver();
      case "tool_call_start":
        return this.#begin() + this.#items.startCall(event);
      case "tool_call_delta":
        return this.#items.arguments(event.index, event.arguments);
      case "finish":
        this.#last = event;
        return this.#begin() + this.#items.finish();
    }
  }

  end(): string {
    const reason = this.#last?.reason ?? "stop";
    const { status, incomplete } = statusOf(reason, this.#refused);
    return this.#lifecycle(status, { status, incomplete, usage: this.#last?.usage });
  }

  fail(error: SlipwayError): string {
    return this.#begin() + this.#lifecycle("failed", { status: "failed", error });
  }

  #begin(): string {
    return this.#started ? "" : this.#start({ type: "start" });
  }

  #start(event: StartEvent): string {
    this.#started = true;
    this.#model = event.model ?? this.#model;
    return (
      this.#lifecycle("created", { status: "in_progress" }) + this.#lifecycle("in_progress", { status: "in_progress" })
    );
  }

  #lifecycle(name: string, state: Omit<ResponseState, "model" | "output">): string {
    const response: JsonObject = encodeResponse(this.#frame, {
      ...state,
      model: this.#model,
      output: this.#items.done,
    });
    return this.#items.write(`response.${name}`, { response });
  }
}
