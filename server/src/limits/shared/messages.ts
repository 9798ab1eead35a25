/*
 * What workers and the process that keeps the limits for all of them say to each other. A worker holds places and permits that
 * it was granted and admits from them without asking; it asks when they do not suffice.
 */

/** Asks for at least so many. */
export interface Ask {
  readonly kind: "ask";
  readonly key: string;
  /** Comes back with the grant. */
  readonly seq: number;
  /** Places of the server's. */
  readonly total: number;
  /** Places of the key's. */
  readonly places: number;
  /** Requests that the key may start. */
  readonly permits: number;
}

/** Gives back places that nobody uses. */
export interface Give {
  readonly kind: "give";
  readonly key: string;
  readonly total: number;
  readonly places: number;
  /** The recall that this answers; 0: none. */
  readonly answers: number;
}

/** Which limit refuses, and for how long for certain, in milliseconds. */
export interface Refusal {
  readonly by: "server" | "key" | "rate";
  readonly waitMs: number;
}

/** What an ask brought; `refusal` says why it is less than was asked for. */
export interface Grant {
  readonly kind: "grant";
  readonly key: string;
  readonly seq: number;
  readonly total: number;
  readonly places: number;
  readonly permits: number;
  /** Permits that may be kept for requests that are yet to come; what is more is lost. */
  readonly keep: number;
  readonly refusal?: Refusal;
}

/** Another worker needs so many: whoever has some that are not in use gives them. */
export interface Recall {
  readonly kind: "recall";
  readonly key: string;
  readonly seq: number;
  readonly total: number;
  readonly places: number;
}

export type ToBroker = Ask | Give;
export type ToWorker = Grant | Recall;

/** A worker's way to the broker. */
export interface BrokerLine {
  send(message: ToBroker): void;
  /** Called once: whom the broker's messages are for. */
  receive(handler: (message: ToWorker) => void): void;
}
