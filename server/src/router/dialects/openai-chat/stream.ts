import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { FinishEvent, ModelEvent, ToolCallStartEvent } from "@slipway/contracts/model/event.ts";
import type { Citation } from "@slipway/contracts/model/request.ts";
import type { AnswerFrame, StreamWriter } from "../dialect.ts";
import { encodeFinishReason, encodeSignature, encodeUsage } from "./encode.ts";
import { encodeCitation } from "./encode-citation.ts";
import { encodeError } from "../openai-errors.ts";

function signatureField(event: ToolCallStartEvent): string {
  return event.signature === undefined ? "" : `,${JSON.stringify(encodeSignature(event)).slice(1, -1)}`;
}

/** Writes `chat.completion.chunk` events. The frame that every chunk repeats is made once; a chunk is one concatenation. */
export class ChatStreamWriter implements StreamWriter {
  readonly #frame: AnswerFrame;
  readonly #streamUsage: boolean;
  #head = "";
  #textLength = 0;
  #pieceStart = 0;
  #cited: Citation[] = [];
  #refused = false;
  /** All of them go in one delta at the end: clients keep only the last that they get. */
  readonly #annotations: unknown[] = [];

  constructor(frame: AnswerFrame) {
    this.#frame = frame;
    this.#streamUsage = frame.decoded.streamUsage;
  }

  event(event: ModelEvent): string {
    switch (event.type) {
      case "start":
        return this.#start(event.id, event.model);
      case "text":
        this.#textLength += event.text.length;
        return this.#delta(`{"content":${JSON.stringify(event.text)}}`);
      case "reasoning":
        this.#endPiece();
        return event.text === "" ? "" : this.#delta(`{"reasoning_content":${JSON.stringify(event.text)}}`);
      case "refusal":
        this.#refused = true;
        return this.#delta(`{"refusal":${JSON.stringify(event.text)}}`);
      case "tool_call_start":
        this.#endPiece();
        return this.#delta(
          `{"tool_calls":[{"index":${event.index},"id":${JSON.stringify(event.id)},"type":"function",` +
            `"function":{"name":${JSON.stringify(event.name)},"arguments":""}${signatureField(event)}}]}`,
        );
      case "tool_call_delta":
        return this.#delta(
          `{"tool_calls":[{"index":${event.index},"function":{"arguments":${JSON.stringify(event.arguments)}}}]}`,
        );
      case "finish":
        return this.#finish(event);
      case "citation":
        this.#cited.push(event.citation);
        return "";
      case "text_end":
        this.#endPiece();
        return "";
      case "native":
        this.#endPiece();
        return "";
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

  /** Whatever ends a piece of text ends the span of the sources that name none. */
  #endPiece(): void {
    for (const citation of this.#cited) {
      const annotation = encodeCitation(citation, this.#pieceStart, this.#textLength);
      if (annotation !== undefined) this.#annotations.push(annotation);
    }
    if (this.#cited.length > 0) this.#cited = [];
    this.#pieceStart = this.#textLength;
  }

  #finish(event: FinishEvent): string {
    this.#endPiece();
    const annotations =
      this.#annotations.length === 0 ? "" : this.#delta(JSON.stringify({ annotations: this.#annotations }));
    const opening = annotations === "" && this.#head === "" ? this.#start(undefined, undefined) : annotations;
    const last = `${opening}${this.#head}[{"index":0,"delta":{},"finish_reason":"${encodeFinishReason(event.reason, this.#refused)}"}]}\n\n`;
    if (!this.#streamUsage || !event.usage) return last;
    return `${last}${this.#head}[],"usage":${JSON.stringify(encodeUsage(event.usage))}}\n\n`;
  }
}
