import type { NanoDollars } from "./rule.ts";

/**
 * Money of one window that this process has reserved in Redis ahead of any request, to go on with while Redis is away. It is held
 * by a lease like any other: what is not spent goes back, and after the lease has run out nothing is given from it.
 */
export class Allowance {
  readonly leaseId: string;
  readonly amount: NanoDollars;
  /** By the process's own clock, until when Redis surely still counts it as reserved. */
  until: number;
  #held: NanoDollars = 0;
  #spent: NanoDollars = 0;
  readonly #onSpent: (cost: NanoDollars, bookedAt: number) => void;

  constructor(
    lease: { readonly leaseId: string; readonly amount: NanoDollars; readonly until: number },
    onSpent: (cost: NanoDollars, bookedAt: number) => void,
  ) {
    this.leaseId = lease.leaseId;
    this.amount = lease.amount;
    this.until = lease.until;
    this.#onSpent = onSpent;
  }

  /** Something was given from it, so it is to be given back and made anew. */
  get touched(): boolean {
    return this.#spent > 0 || this.#held > 0;
  }

  /** No request holds any of it. */
  get free(): boolean {
    return this.#held === 0;
  }

  hasRoom(amount: NanoDollars, clock: number): boolean {
    return clock < this.until && this.#spent + this.#held + amount <= this.amount;
  }

  hold(amount: NanoDollars): void {
    this.#held += amount;
  }

  settle(held: NanoDollars, cost: NanoDollars, bookedAt: number): void {
    this.#held -= held;
    this.#spent += cost;
    if (cost > 0) this.#onSpent(cost, bookedAt);
  }
}
