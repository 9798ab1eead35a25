import type { ServerResponse } from "node:http";
import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { StreamWriter } from "#router/dialects/dialect.ts";
import { EventStream, type Flow } from "./event-stream.ts";

/**
 * Sends a model's events to the client as they come. Nothing leaves before the first event that says something, so that an
 * answer that fails until then still has a status of its own.
 */
export class StreamResponse implements ModelEventSink {
  readonly #stream: EventStream;
  readonly #writer: StreamWriter;
  readonly #onFailure: (error: SlipwayError) => void;
  #begun = false;

  constructor(res: ServerResponse, writer: StreamWriter, onFailure: (error: SlipwayError) => void) {
    this.#stream = new EventStream(res);
    this.#writer = writer;
    this.#onFailure = onFailure;
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
    if (this.#begun) this.#stream.end(this.#writer.fail(error));
    else this.#onFailure(error);
  }
}
