import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { EmbeddingAnswer, EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import type { ModelRequest, WireFamily } from "@slipway/contracts/model/request.ts";

/** A request as it goes over the wire. */
export interface EncodedRequest {
  readonly method: "GET" | "POST";
  /** Below the base URL of the upstream; begins with a slash. */
  readonly path: string;
  /** Names and values by turns. */
  readonly headers: readonly string[];
  readonly body: string | null;
}

/** Headers of an answer, names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Takes the events that a codec makes. */
export interface ModelEventOutput {
  event(event: ModelEvent): void;
}

/** Turns the server-sent events of one streamed answer into model events, pushed into the output that it was opened with. */
export interface StreamDecoder {
  /**
   * Takes one event. True when the answer is whole and its finish event is out; what follows is not to be looked at.
   * Throws a SlipwayError when the event says that the answer failed, or says nothing that this wire format knows.
   */
  event(data: string, event: string): boolean;
  /** The body is over: puts the finish event out if that was still to come, or throws `provider_stream_broken`. */
  end(): void;
}

/** One page of the models that an upstream offers. */
export interface ModelPage {
  readonly models: readonly string[];
  /** What {@link Codec.encodeListModels} wants for the page after this one. */
  readonly next: string | undefined;
}

/** How a wire format asks for vectors. */
export interface EmbeddingCodec {
  /** Inputs that one request of the upstream may hold; more of them go in several. */
  readonly maxInputs: number;
  /** Throws `unsupported_field` or `invalid_request`. */
  encode(request: EmbeddingRequest): EncodedRequest;
  /** Throws `provider_error` when the body does not hold this many vectors. */
  decode(body: string, count: number): EmbeddingAnswer;
}

/** How a wire format asks how many tokens a prompt has. */
export interface CountingCodec {
  /** Throws `unsupported_field` or `invalid_request`. */
  encode(request: ModelRequest): EncodedRequest;
  /** Throws `provider_error` when the body is no count. */
  decode(body: string): number;
}

/**
 * One wire format. Pure: no I/O and no clock, so that it can be tested byte by byte.
 *
 * Two rules hold for every codec. What a request says and the format cannot carry is an `unsupported_field` error that names
 * the field, never left out in silence. Reasoning of earlier turns is the exception: it is no part of what was said, vendors
 * refuse each other's, and so a codec leaves out what its upstream could not verify.
 */
export interface Codec {
  readonly family: WireFamily;
  /** Throws `unsupported_field` or `invalid_request`. */
  encode(request: ModelRequest): EncodedRequest;
  /** The events of a whole answer, the finish event last. Throws a SlipwayError when it is none. */
  decodeAnswer(body: string): readonly ModelEvent[];
  openStream(output: ModelEventOutput): StreamDecoder;
  /** What an answer with a status other than 2xx means. The body may be cut. */
  decodeError(status: number, headers: AnswerHeaders, body: string): SlipwayError;
  /** Absent where the vendor has no embedding models. */
  readonly embeddings?: EmbeddingCodec;
  /** Absent where the vendor counts no tokens for its clients. */
  readonly counting?: CountingCodec;
  encodeListModels(page: string | undefined): EncodedRequest;
  /** Throws `provider_error` when the body is no list of models. */
  decodeListModels(body: string): ModelPage;
}
