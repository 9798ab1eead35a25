import type { AuditSink, Delivery, SinkRecord } from "../sinks/sink.ts";
import type { Clock } from "./clock.ts";

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Sends to a sink within its deadline. A sink that does not even end when it is told to is given nothing more until it has, so
 * that two pieces never mix.
 */
export class Attempts {
  readonly #sink: AuditSink;
  readonly #clock: Clock;
  #unfinished: Promise<unknown> | undefined;

  constructor(sink: AuditSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** Never rejects. `stop` ends the attempt early, as a failure. */
  async send(records: readonly SinkRecord[], stop: AbortSignal): Promise<Delivery> {
    if (this.#unfinished) return { kind: "failed", reason: "the last attempt has not ended yet" };
    const ended = new AbortController();
    const late = new AbortController();
    const signal = AbortSignal.any([stop, late.signal]);
    const sending = this.#sink
      .deliver(records, signal)
      .catch((error: unknown): Delivery => ({ kind: "failed", reason: reasonOf(error) }))
      .finally(() => {
        this.#unfinished = undefined;
      });
    this.#unfinished = sending;
    const timer = this.#clock.sleep(this.#sink.deadlineMs, AbortSignal.any([ended.signal, stop])).then((): Delivery => {
      late.abort();
      const reason = stop.aborted ? "the attempt was ended" : `no answer within ${this.#sink.deadlineMs} ms`;
      return { kind: "failed", reason };
    });
    const delivery = await Promise.race([sending, timer]);
    ended.abort();
    return delivery;
  }
}
