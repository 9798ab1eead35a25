import { toSlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { CallContext } from "../provider.ts";
import { deadlineError } from "../transport/failure.ts";
import { mockEvents } from "./answer.ts";

/** Hands the events of one answer out, at once or one every `delayMs`. */
export class MockCall implements ModelCall {
  readonly #request: ModelRequest;
  readonly #deadline: number;
  readonly #sink: ModelEventSink;
  readonly #delayMs: number;
  #events: readonly ModelEvent[] = [];
  #next = 0;
  #over = false;
  #paused = false;
  #handle: NodeJS.Immediate | NodeJS.Timeout | undefined;

  constructor(request: ModelRequest, context: CallContext, sink: ModelEventSink, delayMs: number) {
    this.#request = request;
    this.#deadline = context.deadline;
    this.#sink = sink;
    this.#delayMs = request.stream ? delayMs : 0;
    this.#handle = setImmediate(() => this.#begin());
  }

  abort(): void {
    this.#over = true;
    this.#cancel();
  }

  pause(): void {
    this.#paused = true;
    if (this.#events.length > 0) this.#cancel();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#events.length > 0 && !this.#over) this.#handle = setImmediate(() => this.#run());
  }

  #begin(): void {
    try {
      this.#events = mockEvents(this.#request);
    } catch (error) {
      this.#over = true;
      this.#sink.fail(toSlipwayError(error));
      return;
    }
    this.#run();
  }

  #run(): void {
    while (!this.#over && !this.#paused) {
      if (Date.now() > this.#deadline) {
        this.#over = true;
        this.#sink.fail(deadlineError("mock"));
        return;
      }
      const event = this.#events[this.#next];
      if (!event) {
        this.#over = true;
        this.#sink.end();
        return;
      }
      this.#next += 1;
      this.#sink.event(event);
      if (this.#delayMs > 0 && this.#next < this.#events.length) return this.#later();
    }
  }

  #later(): void {
    if (!this.#over && !this.#paused) this.#handle = setTimeout(() => this.#run(), this.#delayMs);
  }

  #cancel(): void {
    clearTimeout(this.#handle as NodeJS.Timeout);
    clearImmediate(this.#handle as NodeJS.Immediate);
  }
}
