import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEvent, ModelEventSink, StartEvent } from "@slipway/contracts/model/event.ts";
import type { RouteTarget } from "../routes/route.ts";

/** Whoever started a hedge. */
export interface HedgeOwner extends ModelEventSink {
  /** The hedge said the first word: from here on it is the attempt. */
  hedgeBegan(hedge: Hedge): void;
  /** The hedge failed before its first word. */
  hedgeFailed(hedge: Hedge, error: SlipwayError): void;
}

/** A second attempt beside the first one. It is heard only when it is the first to say something. */
export class Hedge implements ModelEventSink {
  readonly target: RouteTarget;
  /** The target's bit in its pool. */
  readonly bit: number;
  readonly probe: boolean;
  readonly startedAt: number;
  readonly #owner: HedgeOwner;
  call: ModelCall | undefined;
  start: StartEvent | undefined;
  #won = false;

  constructor(owner: HedgeOwner, target: RouteTarget, bit: number, now: number) {
    this.#owner = owner;
    this.target = target;
    this.bit = bit;
    this.startedAt = now;
    target.state.inFlight += 1;
    this.probe = target.state.breaker.begin(now);
  }

  event(event: ModelEvent): void {
    if (!this.#won) {
      if (event.type === "start") {
        this.start = event;
        return;
      }
      this.#won = true;
      this.#owner.hedgeBegan(this);
    }
    this.#owner.event(event);
  }

  end(): void {
    this.#owner.end();
  }

  fail(error: SlipwayError): void {
    if (this.#won) this.#owner.fail(error);
    else this.#owner.hedgeFailed(this, error);
  }
}
