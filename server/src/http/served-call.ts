import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import { addUsage, NO_USAGE, type Usage } from "@slipway/contracts/model/usage.ts";
import type { Reservation } from "#limits/declared/reservation.ts";
import { auditUnavailable, type CommitWaiter } from "#audit/commit-queue.ts";
import type { Lease } from "#limits/limiter.ts";

/** How a served call ended. */
export interface CallEnd {
  readonly outcome: "ok" | "error" | "aborted";
  readonly error: SlipwayError | undefined;
}

const NOTHING = {};
const WHOLE: CallEnd = { outcome: "ok", error: undefined };

/**
 * Watches one admitted answer on its way to the client and closes the books exactly once, however it ends: whole, failed,
 * or left by the client. The lease is settled before the client sees the end, so that its next request finds its place free; and
 * the end waits until the audit record is committed, where the audit log is strict.
 */
export class ServedCall implements ModelEventSink, CommitWaiter {
  readonly #sink: ModelEventSink;
  readonly #lease: Lease;
  readonly #reservation: Reservation | undefined;
  readonly #onEnd: (end: CallEnd, waiter?: CommitWaiter) => boolean;
  readonly #free: boolean;
  readonly #context: { code: string | undefined } | undefined;
  #usage: Usage = NO_USAGE;
  #call: ModelCall | undefined;
  #over = false;
  /** The end that the client is told once it is recorded. */
  #held: CallEnd | undefined;

  /**
   * `onEnd` answers true when the waiter will be told that the end is recorded. A `free` answer settles for nothing, whatever usage it
   * tells. `context` is told the code of an error that takes the place of the end.
   */
  constructor(
    sink: ModelEventSink,
    lease: Lease,
    onEnd: (end: CallEnd, waiter?: CommitWaiter) => boolean,
    {
      free,
      reservation,
      context,
    }: {
      readonly free?: true | undefined;
      readonly reservation?: Reservation | undefined;
      readonly context?: { code: string | undefined };
    } = NOTHING,
  ) {
    this.#free = free ?? false;
    this.#context = context;
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
    this.#finish(WHOLE);
  }

  fail(error: SlipwayError): void {
    this.#finish({ outcome: "error", error });
  }

  committed(ok: boolean): void {
    const end = this.#held;
    if (!end) return;
    this.#held = undefined;
    if (ok) {
      this.#tell(end);
      return;
    }
    const error = auditUnavailable();
    if (this.#context) this.#context.code = error.code;
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

  #finish(end: CallEnd): void {
    if (this.#over) {
      this.#tell(end);
      return;
    }
    this.#held = end;
    if (!this.#close(end, this) && this.#held) this.committed(true);
  }

  #tell(end: CallEnd): void {
    if (end.error) this.#sink.fail(end.error);
    else this.#sink.end();
  }

  #close(end: CallEnd, waiter?: CommitWaiter): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#lease.settle(this.#usage);
    this.#reservation?.settle();
    return this.#onEnd(end, waiter);
  }
}
