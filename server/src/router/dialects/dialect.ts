import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import type { ModelAnswer } from "@slipway/contracts/model/fold.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";

/** What a client asked for, taken out of its dialect. */
export interface DecodedRequest {
  readonly request: ModelRequest;
  /** The thread that an agent's answer continues. */
  readonly threadId: string | undefined;
  /** The client wants the usage in its stream. */
  readonly streamUsage: boolean;
}

/** Facts of an answer that are ours and not the model's. */
export interface AnswerFrame {
  /** Used where the provider gave no id of its own. */
  readonly fallbackId: string;
  /** The model name as the client wrote it. */
  readonly model: string;
  /** Seconds since the epoch. */
  readonly created: number;
}

/** Writes one streamed answer as text for the wire. */
export interface StreamWriter {
  /** The text to send for this event; empty when it needs none. */
  event(event: ModelEvent): string;
  /** What closes a whole answer. */
  end(): string;
  /** What tells the client of a failure after the answer began. */
  fail(error: SlipwayError): string;
}

/** One way of speaking to models, as clients know it. Pure: no I/O, no clock. */
export interface Dialect {
  readonly name: string;
  /** Throws `invalid_request` or `unsupported_field` naming the field at fault. */
  decode(body: unknown): DecodedRequest;
  encode(answer: ModelAnswer, frame: AnswerFrame): unknown;
  writer(frame: AnswerFrame, options: { readonly streamUsage: boolean }): StreamWriter;
  encodeError(error: SlipwayError): unknown;
}
