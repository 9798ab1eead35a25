import type { Codec } from "../codec.ts";
import type { Http1Pool } from "./http1/pool.ts";

/**
 * How long an upstream may take, in milliseconds. The deadline of the call holds besides, and before, all of these. Each is
 * looked at every 50 ms.
 */
export interface ProviderTimeouts {
  /** Until a new connection stands. */
  readonly connectMs: number;
  /** Until a streamed answer begins. */
  readonly firstByteMs: number;
  /** Until an answer that is not streamed begins: the model writes all of it first. */
  readonly wholeAnswerMs: number;
  /** Between two pieces of an answer that has begun. Models that think say nothing for minutes. */
  readonly idleMs: number;
}

export const DEFAULT_TIMEOUTS: ProviderTimeouts = {
  connectMs: 10_000,
  firstByteMs: 120_000,
  wholeAnswerMs: 600_000,
  idleMs: 180_000,
};

/** Bounds of what an upstream may send, in bytes. */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** Of one batch of vectors: 2,048 of 3,072 numbers each, written out, are some 75 MB. */
export const MAX_VECTORS_BYTES = 96 * 1024 * 1024;
export const MAX_ERROR_BYTES = 64 * 1024;
export const MAX_EVENT_BYTES = 8 * 1024 * 1024;
/** What may follow an answer that is already whole; a connection with more is not worth keeping. */
export const MAX_TAIL_BYTES = 64 * 1024;

/** One upstream as the transport sees it. */
export interface Upstream {
  readonly name: string;
  readonly codec: Codec;
  readonly pool: Http1Pool;
  /** The path of the base URL, without a slash at its end. */
  readonly basePath: string;
  readonly timeouts: ProviderTimeouts;
}
