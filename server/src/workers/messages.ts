import type { ToBroker, ToWorker } from "#limits/shared/messages.ts";
import type { Exposition } from "#telemetry/merge-expositions.ts";

/*
 * What the process that keeps the workers and a worker say to each other, over the channel that Node makes between them: nobody
 * else can write to it.
 */

/** Which worker this is and how it begins. */
export interface Seat {
  readonly type: "seat";
  /** From 1. */
  readonly worker: number;
  readonly workers: number;
  /** Others serve already: this one takes connections only when it can answer them. */
  readonly othersServe: boolean;
  /** Brings the schema up to date, if the settings say so. */
  readonly migrates: boolean;
}

export type FromKeeper =
  | Seat
  | { readonly type: "ping" }
  | { readonly type: "limits"; readonly message: ToWorker }
  /** Tell what you count. */
  | { readonly type: "count"; readonly round: number }
  /** What all count, as one text. */
  | { readonly type: "metrics"; readonly text: string };

export type FromWorker =
  | { readonly type: "ready"; readonly url: string }
  | { readonly type: "pong" }
  | { readonly type: "limits"; readonly message: ToBroker }
  | { readonly type: "counted"; readonly round: number; readonly own: Exposition }
  /** What do all count? This is what I do. */
  | { readonly type: "metrics"; readonly own: Exposition };

const FROM_KEEPER: ReadonlySet<unknown> = new Set(["seat", "ping", "limits", "count", "metrics"]);
const FROM_WORKER: ReadonlySet<unknown> = new Set(["ready", "pong", "limits", "counted", "metrics"]);

function typeOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "type" in value ? value.type : undefined;
}

/** Whether the value is one of ours; both ends run the same release, so its kind says its shape. */
export function isFromKeeper(value: unknown): value is FromKeeper {
  return FROM_KEEPER.has(typeOf(value));
}

/** See {@link isFromKeeper}. */
export function isFromWorker(value: unknown): value is FromWorker {
  return FROM_WORKER.has(typeOf(value));
}
