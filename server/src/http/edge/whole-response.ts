import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import { AnswerFold } from "@slipway/contracts/model/fold.ts";
import type { AnswerFrame, Dialect } from "#router/dialects/dialect.ts";
import type { HttpReply } from "../message.ts";

/** Gathers a model's events and sends them as one JSON answer. */
export class WholeResponse implements ModelEventSink {
  readonly #res: HttpReply;
  readonly #dialect: Dialect;
  readonly #frame: AnswerFrame;
  readonly #onFailure: (error: SlipwayError) => void;
  readonly #fold = new AnswerFold();

  constructor(res: HttpReply, dialect: Dialect, frame: AnswerFrame, onFailure: (error: SlipwayError) => void) {
    this.#res = res;
    this.#dialect = dialect;
    this.#frame = frame;
    this.#onFailure = onFailure;
  }

  event(event: ModelEvent): void {
    this.#fold.event(event);
  }

  end(): void {
    const dialect = this.#dialect;
    const answer = this.#fold.answer();
    const body = dialect.encodePlain?.(answer, this.#frame) ?? JSON.stringify(dialect.encode(answer, this.#frame));
    this.#res.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
    this.#res.end(body);
  }

  fail(error: SlipwayError): void {
    this.#onFailure(error);
  }
}
