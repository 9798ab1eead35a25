import { SlipwayError } from "@slipway/contracts/errors.ts";

/** Whether the server takes work, and why not. */
export class ServingGate {
  #open = false;
  #draining = false;

  readonly refusal = (): SlipwayError | undefined =>
    this.#open
      ? undefined
      : new SlipwayError("database_unavailable", "The server is starting and does not reach its database yet.", {
          hint: "GET /ready says what it waits for.",
          retryAfter: 1,
        });

  open(): void {
    this.#open = true;
  }

  drain(): void {
    this.#draining = true;
  }

  readonly assertServing = (): Promise<void> => {
    if (this.#draining) return Promise.reject(new Error("draining"));
    return this.#open ? Promise.resolve() : Promise.reject(new Error("starting"));
  };
}
