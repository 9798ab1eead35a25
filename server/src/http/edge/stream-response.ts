import type { ServerResponse } from "node:http";
import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { StreamWriter } from "#router/dialects/dialect.ts";

/** Headers of a stream of server-sent events that no proxy may buffer or change. */
export const EVENT_STREAM_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;

// A client that reads nothing for long holds memory and a place: at this many unsent bytes the source is held back.
const HIGH_WATER_BYTES = 256 * 1024;

/**
 * Sends a model's events to the client as they come. Nothing is sent before the first event, so that an answer that fails
 * at once still has its own status; events of one tick leave in one write.
 */
export class StreamResponse implements ModelEventSink {
  readonly #res: ServerResponse;
  readonly #writer: StreamWriter;
  readonly #onFailure: (error: SlipwayError) => void;
  #call: ModelCall | undefined;
  #pending = "";
  #scheduled = false;
  #paused = false;

  constructor(res: ServerResponse, writer: StreamWriter, onFailure: (error: SlipwayError) => void) {
    this.#res = res;
    this.#writer = writer;
    this.#onFailure = onFailure;
  }

  /** Tells whom to hold back when the client reads slowly. */
  attach(call: ModelCall): void {
    this.#call = call;
  }

  event(event: ModelEvent): void {
    this.#pending += this.#writer.event(event);
    if (this.#scheduled || this.#pending === "") return;
    this.#scheduled = true;
    queueMicrotask(() => this.#flush());
  }

  end(): void {
    this.#begin();
    this.#res.end(this.#pending + this.#writer.end());
    this.#pending = "";
  }

  fail(error: SlipwayError): void {
    // Events that came in the same tick as the failure were an answer that had begun.
    if (!this.#res.headersSent && this.#pending === "") {
      this.#onFailure(error);
      return;
    }
    this.#begin();
    this.#res.end(this.#pending + this.#writer.fail(error));
    this.#pending = "";
  }

  #begin(): void {
    if (!this.#res.headersSent) this.#res.writeHead(200, EVENT_STREAM_HEADERS);
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#pending === "" || this.#res.writableEnded || this.#res.destroyed) return;
    this.#begin();
    this.#res.write(this.#pending);
    this.#pending = "";
    if (this.#paused || this.#res.writableLength < HIGH_WATER_BYTES) return;
    this.#paused = true;
    this.#call?.pause();
    this.#res.once("drain", () => {
      this.#paused = false;
      this.#call?.resume();
    });
  }
}
