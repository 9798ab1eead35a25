import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { FinishEvent, ModelEvent } from "@slipway/contracts/model/event.ts";
import type { AnswerFrame, StreamWriter } from "../dialect.ts";
import { encodeError } from "./errors.ts";
import { PartEncoder } from "./parts.ts";

/** Writes `GenerateContentResponse` chunks: as server-sent events, or as the items of one JSON array. */
export class GeminiStreamWriter implements StreamWriter {
  readonly contentType: string;
  readonly #frame: AnswerFrame;
  readonly #sse: boolean;
  readonly #parts = new PartEncoder();
  #tail: string | undefined;
  #chunks = 0;

  constructor(frame: AnswerFrame) {
    this.#frame = frame;
    this.#sse = frame.decoded.framing === "sse";
    this.contentType = this.#sse ? "text/event-stream" : "application/json; charset=UTF-8";
  }

  event(event: ModelEvent): string {
    if (event.type === "start") {
      this.#tail ??= this.#names(event.id, event.model);
      return "";
    }
    const parts = this.#parts.event(event);
    if (event.type === "finish") return this.#finish(event, parts);
    if (parts === "") return "";
    return this.#chunk(`{"candidates":[{"content":{"parts":[${parts}],"role":"model"},"index":0}],${this.#names()}`);
  }

  end(): string {
    return this.#sse ? "" : "]";
  }

  fail(error: SlipwayError): string {
    const last = this.#chunk(JSON.stringify(encodeError(error, this.#frame.requestId)));
    return this.#sse ? last : `${last}]`;
  }

  #finish(event: FinishEvent, parts: string): string {
    const { candidate, answer, blocked } = this.#parts.end(event);
    // Clients take a chunk without parts for an answer that failed, so the last one holds an empty text, as Google's does.
    const content = `"content":{"parts":[${parts === "" ? '{"text":""}' : parts}],"role":"model"}`;
    const candidates = blocked ? "" : `"candidates":[{${content},"index":0,${JSON.stringify(candidate).slice(1)}],`;
    const rest = JSON.stringify(answer).slice(1, -1);
    return this.#chunk(`{${candidates}${rest === "" ? "" : `${rest},`}${this.#names()}`);
  }

  #names(id?: string, model?: string): string {
    const { fallbackId, model: asked } = this.#frame;
    this.#tail ??= `"modelVersion":${JSON.stringify(model ?? asked)},"responseId":${JSON.stringify(id ?? fallbackId)}}`;
    return this.#tail;
  }

  #chunk(json: string): string {
    this.#chunks += 1;
    if (this.#sse) return `data: ${json}\r\n\r\n`;
    return this.#chunks === 1 ? `[${json}` : `,\r\n${json}`;
  }
}
