import type { ModelCall, ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";

// So many events go out before others get a turn and a slow client may ask to wait.
const EVENTS_A_TURN = 64;

/** Gives a kept answer out as a model would: never before the caller knows of the call, and held back for a slow client. */
export class ReplayCall implements ModelCall {
  readonly #events: readonly ModelEvent[];
  readonly #sink: ModelEventSink;
  readonly #onEnd: (outcome: "ok" | "aborted") => void;
  #next = 0;
  #over = false;
  #paused = false;
  #turn: NodeJS.Immediate | undefined;

  constructor(events: readonly ModelEvent[], sink: ModelEventSink, onEnd: (outcome: "ok" | "aborted") => void) {
    this.#events = events;
    this.#sink = sink;
    this.#onEnd = onEnd;
    this.#schedule();
  }

  abort(): void {
    if (this.#over) return;
    this.#over = true;
    clearImmediate(this.#turn);
    this.#onEnd("aborted");
  }

  pause(): void {
    this.#paused = true;
    clearImmediate(this.#turn);
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (!this.#over) this.#schedule();
  }

  #schedule(): void {
    this.#turn = setImmediate(() => this.#run());
  }

  #run(): void {
    const stop = Math.min(this.#next + EVENTS_A_TURN, this.#events.length);
    while (this.#next < stop && !this.#over && !this.#paused) {
      const event = this.#events[this.#next];
      this.#next += 1;
      if (event) this.#sink.event(event);
    }
    if (this.#over || this.#paused) return;
    if (this.#next < this.#events.length) {
      this.#schedule();
      return;
    }
    this.#over = true;
    this.#onEnd("ok");
    this.#sink.end();
  }
}
