import type { ModelCall } from "@slipway/contracts/model/event.ts";

/** Hands the caller's holding back on to whichever model call a run is in; one that begins while the caller holds back is held too. */
export class CallControl {
  #call: ModelCall | undefined;
  #paused = false;

  attach(call: ModelCall): void {
    this.#call = call;
    if (this.#paused) call.pause();
  }

  detach(): void {
    this.#call = undefined;
  }

  pause(): void {
    this.#paused = true;
    this.#call?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#call?.resume();
  }
}
