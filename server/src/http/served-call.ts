import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import { addUsage, NO_USAGE, type Usage } from "@slipway/contracts/model/usage.ts";
import type { Reservation } from "#limits/declared/reservation.ts";
import type { Lease } from "#limits/limiter.ts";

/** How a served call ended. */
export interface CallEnd {
  readonly outcome: "ok" | "error" | "aborted";
  readonly error: SlipwayError | undefined;
}

const NOTHING = {};

/**
 * Watches one admitted answer on its way to the client and closes the books exactly once, however it ends: whole, failed,
 * or left by the client. The lease is settled before the client sees the end, so that its next request finds its place free.
 */
export class ServedCall implements ModelEventSink {
  readonly #sink: ModelEventSink;
  readonly #lease: Lease;
  readonly #reservation: Reservation | undefined;
  readonly #onEnd: (end: CallEnd) => void;
  readonly #free: boolean;
  #usage: Usage = NO_USAGE;
  #call: ModelCall | undefined;
  #over = false;

  /** A `free` answer settles for nothing, whatever usage it tells. */
  constructor(
    sink: ModelEventSink,
    lease: Lease,
    onEnd: (end: CallEnd) => void,
    {
      free,
      reservation,
    }: { readonly free?: true | undefined; readonly reservation?: Reservation | undefined } = NOTHING,
  ) {
    this.#free = free ?? false;
    this.#reservation = reservation;
    this.#sink = sink;
    this.#lease = lease;
    this.#onEnd = onEnd;
  }

  /** Tells which call to abort when the client leaves. */
  attach(call: ModelCall): void {
    this.#call = call;
  }

  event(event: ModelEvent): void {
    if (event.type === "finish" && event.usage && !this.#free) this.#usage = addUsage(this.#usage, event.usage);
    this.#sink.event(event);
  }

  end(): void {
    this.#close({ outcome: "ok", error: undefined });
    this.#sink.end();
  }

  fail(error: SlipwayError): void {
    this.#close({ outcome: "error", error });
    this.#sink.fail(error);
  }

  /** The client's connection is gone: stops the source if it still runs. */
  clientGone(): void {
    if (this.#over) return;
    this.#call?.abort();
    this.#close({
      outcome: "aborted",
      error: new SlipwayError("client_closed_request", "The client left before the answer was whole."),
    });
  }

  #close(end: CallEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#lease.settle(this.#usage);
    this.#reservation?.settle();
    this.#onEnd(end);
  }
}
