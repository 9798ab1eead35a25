import cluster from "node:cluster";
import type { BrokerLine } from "#limits/shared/messages.ts";
import type { Exposition } from "#telemetry/merge-expositions.ts";
import { type FromKeeper, type FromWorker, isFromKeeper, type Seat } from "./messages.ts";

/** What a worker has of the others. */
export interface Siblings {
  readonly seat: Seat;
  readonly limits: BrokerLine;
  /** What all workers count, as one text; what this one counts when the others cannot be asked. */
  count(own: () => Promise<Exposition>): Promise<string>;
  /** Tells the others, when they ask, what this one counts. */
  tellCounts(own: () => Promise<Exposition>): void;
  /** Lets go of the channel, so that the process can end. */
  leave(): void;
}

const SEAT_MS = 10_000;
// The keeper's own bound for asking the workers is a second.
const COUNT_MS = 3000;

function send(message: FromWorker): void {
  // A channel that is closed is nobody's error: the keeper is gone, and this process is told so by `disconnect`.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

class Sibling implements Siblings {
  readonly seat: Seat;
  readonly limits: BrokerLine = {
    send: (message) => send({ type: "limits", message }),
    receive: (handler) => (this.#onLimits = handler),
  };
  #onLimits: Parameters<BrokerLine["receive"]>[0] = () => {};
  #tell: (() => Promise<Exposition>) | undefined;
  #counting: Promise<string> | undefined;
  #counted: ((text: string) => void) | undefined;

  constructor(seat: Seat) {
    this.seat = seat;
    process.on("message", (message) => {
      if (isFromKeeper(message)) this.#message(message);
    });
  }

  count(own: () => Promise<Exposition>): Promise<string> {
    this.#counting ??= this.#count(own).finally(() => (this.#counting = undefined));
    return this.#counting;
  }

  tellCounts(own: () => Promise<Exposition>): void {
    this.#tell = own;
  }

  leave(): void {
    if (process.connected) process.disconnect();
  }

  async #count(own: () => Promise<Exposition>): Promise<string> {
    const exposition = await own();
    let timer: NodeJS.Timeout | undefined;
    const together = new Promise<string>((resolve) => (this.#counted = resolve));
    const alone = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, COUNT_MS, undefined)));
    send({ type: "metrics", own: exposition });
    const text = await Promise.race([together, alone]);
    clearTimeout(timer);
    return text ?? exposition.text;
  }

  #message(message: FromKeeper): void {
    switch (message.type) {
      case "ping":
        send({ type: "pong" });
        return;
      case "limits":
        this.#onLimits(message.message);
        return;
      case "count":
        void this.#tell?.().then(
          (own) => send({ type: "counted", round: message.round, own }),
          () => {},
        );
        return;
      case "metrics":
        this.#counted?.(message.text);
        return;
      case "seat":
    }
  }
}

/**
 * Takes the place that the keeper of the workers gives this process. Rejects when nobody gives one: it was not started by a keeper.
 */
export async function takeSeat(): Promise<Siblings> {
  const { worker } = cluster;
  if (!worker) throw new TypeError("`worker` is what a server starts for itself: start it with --workers N.");
  // Node ends a worker on the spot when its keeper is gone, in the middle of its streams, unless it believes that it was
  // asked to disconnect (lib/internal/cluster/child.js). This one drains instead; see `untilAskedToEnd` in main.ts.
  worker.exitedAfterDisconnect = true;
  const seat = await new Promise<Seat>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the keeper of the workers says nothing")), SEAT_MS);
    const listener = (message: unknown): void => {
      if (!isFromKeeper(message) || message.type !== "seat") return;
      clearTimeout(timer);
      process.off("message", listener);
      resolve(message);
    };
    process.on("message", listener);
  });
  return new Sibling(seat);
}
