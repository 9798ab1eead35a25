import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";

// What an event takes besides its text.
const EVENT_BYTES = 64;

/** Hands every event on and keeps it, up to a bound; past it nothing is kept and everything is still handed on. */
export class RecordingSink implements ModelEventSink {
  readonly #sink: ModelEventSink;
  readonly #maxBytes: number;
  readonly #onEnd: (events: readonly ModelEvent[] | undefined) => void;
  #events: ModelEvent[] | undefined = [];
  #bytes = 0;

  /** `onEnd` is told once: the events of a whole answer, or undefined when it failed or was too large. */
  constructor(sink: ModelEventSink, maxBytes: number, onEnd: (events: readonly ModelEvent[] | undefined) => void) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
    this.#onEnd = onEnd;
  }

  event(event: ModelEvent): void {
    if (this.#events) {
      this.#bytes += sizeOf(event);
      if (this.#bytes > this.#maxBytes) this.#events = undefined;
      else this.#events.push(event);
    }
    this.#sink.event(event);
  }

  // The answer is there for the next request before this one's client sees its end.
  end(): void {
    this.#onEnd(this.#events);
    this.#sink.end();
  }

  fail(error: SlipwayError): void {
    this.#onEnd(undefined);
    this.#sink.fail(error);
  }
}

function sizeOf(event: ModelEvent): number {
  switch (event.type) {
    case "text":
    case "reasoning":
    case "refusal":
      return EVENT_BYTES + event.text.length;
    case "tool_call_delta":
      return EVENT_BYTES + event.arguments.length;
    case "native":
    case "citation":
      return JSON.stringify(event).length;
    default:
      return EVENT_BYTES;
  }
}
