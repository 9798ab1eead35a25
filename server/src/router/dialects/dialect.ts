import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import type { ModelAnswer } from "@slipway/contracts/model/fold.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";

/** What stands around a request's body. A request of Node's is one as it is, so that none has to be made. */
export interface RequestHead {
  /** Path and query, as they were sent. */
  readonly url?: string | undefined;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** How a request and its answer are kept, so that a later request can name them instead of repeating them. */
export interface Keeping {
  /** The answer that this request goes on from. */
  readonly previousId: string | undefined;
  /** Whether this request and its answer are to be kept. */
  readonly store: boolean;
  /** The request's messages have items in them that only name one of a kept answer. */
  readonly hasReferences: boolean;
}

/** What a client asked for, taken out of its dialect. */
export interface DecodedRequest {
  readonly request: ModelRequest;
  /** The thread that an agent's answer continues. */
  readonly threadId: string | undefined;
  /** The client wants the usage in its stream. */
  readonly streamUsage: boolean;
  /** How a dialect that knows several ways to stream is to frame this one, in its own words. */
  readonly framing?: string;
  /** What is kept of the conversation, where the dialect lets the server keep it. */
  readonly keeping?: Keeping;
  /** Fields of the request that the answer repeats, where the dialect has it so. */
  readonly echo?: Readonly<Record<string, unknown>>;
}

/** Facts of an answer that are ours and not the model's. */
export interface AnswerFrame {
  /** Used where the provider gave no id of its own. */
  readonly fallbackId: string;
  readonly requestId: string;
  /** The model name as the client wrote it. */
  readonly model: string;
  /** Seconds since the epoch. */
  readonly created: number;
  /** What is being answered. */
  readonly decoded: DecodedRequest;
}

/** Writes one streamed answer as text for the wire. */
export interface StreamWriter {
  /** Absent: `text/event-stream`. */
  readonly contentType?: string;
  /** The text to send for this event; empty when it needs none. */
  event(event: ModelEvent): string;
  /** What closes a whole answer. */
  end(): string;
  /** What tells the client of a failure after the answer began. */
  fail(error: SlipwayError): string;
  /** What keeps a silent stream alive and says nothing; absent: an SSE comment, which readers pass over, where `contentType` is absent too. */
  keepAlive?(): string;
}

/** How the clients of a path know errors. Apart from the dialect, because errors are told on paths that nobody serves too. */
export interface ErrorShape {
  readonly contentType: string;
  /** The header by which the dialect's clients know a request again, where that is not `x-request-id`. */
  readonly requestIdHeader?: string;
  /** The status that the clients expect where it is not the error's own. */
  status?(error: SlipwayError): number;
  /** The body, to be written as JSON. */
  encode(error: SlipwayError, requestId: string): unknown;
}

/** One way of speaking to models, as clients know it. Pure: no I/O, no clock. */
export interface Dialect {
  readonly name: string;
  /** What the ids of this dialect's answers begin with, such as `chatcmpl`. */
  readonly idPrefix: string;
  readonly errors: ErrorShape;
  /** What this dialect calls the fields of a `ModelRequest`, for errors that name one; those of the same name are left out. */
  readonly fieldNames?: Readonly<Partial<Record<keyof ModelRequest, string>>>;
  /** The query parameter that may carry the client's key; its value never reaches a log. */
  readonly keyParameter?: string;
  /** Where the body names things of the caller's tenant: dotted path → their kind. What belongs to another tenant is not found there. */
  readonly bodyIds?: Readonly<Record<string, "thread" | "response" | "response_item">>;
  /** Throws `invalid_request` or `unsupported_field` naming the field at fault. */
  decode(body: unknown, head: RequestHead): DecodedRequest;
  encode(answer: ModelAnswer, frame: AnswerFrame): unknown;
  /** The JSON of what `encode` makes of the plainest answers, put together for less; undefined for all others. */
  encodePlain?(answer: ModelAnswer, frame: AnswerFrame): string | undefined;
  writer(frame: AnswerFrame): StreamWriter;
}
