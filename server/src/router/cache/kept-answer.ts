import type { FinishReason, ModelEvent } from "@slipway/contracts/model/event.ts";

/** A whole answer as it is kept. */
export interface KeptAnswer {
  /** When it was whole, in milliseconds since the epoch. */
  readonly at: number;
  /** When it is given no more, in milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Its events as JSON: one block of bytes whose size is known, from which every reader makes events of its own. */
  readonly events: Buffer;
}

/** Ends after which an answer is what the model had to say. One that was filtered, refused or broken off is asked for anew. */
const WHOLE: ReadonlySet<FinishReason> = new Set(["stop", "length", "tool_calls"]);

/** The answer of these events, kept for `ttlMs` from `at` on, or undefined when it is none to keep. */
export function keptAnswer(events: readonly ModelEvent[], at: number, ttlMs: number): KeptAnswer | undefined {
  const last = events.at(-1);
  if (last?.type !== "finish" || !WHOLE.has(last.reason)) return undefined;
  return { at, expiresAt: at + ttlMs, events: Buffer.from(JSON.stringify(events), "utf8") };
}

/** The events of a kept answer. */
export function eventsOf(answer: KeptAnswer): readonly ModelEvent[] {
  return JSON.parse(answer.events.toString("utf8")) as readonly ModelEvent[];
}

const HEAD_BYTES = 16;

/** As one block of bytes, for another process: the two times, then the events. */
export function packAnswer(answer: KeptAnswer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeDoubleBE(answer.at, 0);
  head.writeDoubleBE(answer.expiresAt, 8);
  return Buffer.concat([head, answer.events]);
}

/** The answer that {@link packAnswer} made into bytes. */
export function unpackAnswer(bytes: Uint8Array): KeptAnswer {
  const packed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { at: packed.readDoubleBE(0), expiresAt: packed.readDoubleBE(8), events: packed.subarray(HEAD_BYTES) };
}
