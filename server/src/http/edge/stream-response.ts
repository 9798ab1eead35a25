import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { StreamWriter } from "#router/dialects/dialect.ts";
import { COMMENT, EventStream, type Flow } from "./event-stream.ts";
import type { KeepAlive } from "./keep-alive.ts";
import type { HttpReply } from "../message.ts";

/**
 * Sends a model's events to the client as they come. Nothing leaves before the first event that says something, so that an
 * answer that fails until then still has a status of its own; unless it takes so long that the connection needs a sign of life.
 */
export class StreamResponse implements ModelEventSink {
  readonly #stream: EventStream;
  readonly #writer: StreamWriter;
  readonly #onFailure: (error: SlipwayError) => void;
  #begun = false;

  constructor(res: HttpReply, writer: StreamWriter, onFailure: (error: SlipwayError) => void, keepAlive?: KeepAlive) {
    this.#stream = new EventStream(res, writer.contentType === undefined ? {} : { "content-type": writer.contentType });
    this.#writer = writer;
    this.#onFailure = onFailure;
    // What is framed in another way than as events has its own way to say nothing, or none.
    const sign = writer.keepAlive?.() ?? (writer.contentType === undefined ? COMMENT : "");
    if (keepAlive && sign !== "") this.#stream.keepAlive(keepAlive, sign);
  }

  /** Tells whom to hold back when the client reads slowly. */
  attach(flow: Flow): void {
    this.#stream.attach(flow);
  }

  event(event: ModelEvent): void {
    const text = this.#writer.event(event);
    if (event.type === "start" && !this.#begun) {
      this.#stream.hold(text);
      return;
    }
    this.#begun = true;
    this.#stream.write(text);
  }

  end(): void {
    this.#stream.end(this.#writer.end());
  }

  fail(error: SlipwayError): void {
    if (this.#begun || this.#stream.begun) this.#stream.end(this.#writer.fail(error));
    else this.#onFailure(error);
  }
}
