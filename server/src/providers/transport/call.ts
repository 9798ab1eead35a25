import { SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import { type AnswerHead, headersOf } from "#lib/http1/answer-head.ts";
import { SseParser, type SseListener } from "#lib/sse.ts";
import type { ModelEventOutput, StreamDecoder } from "../codec.ts";
import type { CallContext } from "../provider.ts";
import { BoundedBytes } from "./bytes.ts";
import { connectionError, deadlineError, tooLongError } from "./failure.ts";
import { requestHead } from "./head.ts";
import type { Connection, Http1Handler } from "./http1/connection.ts";
import { MAX_ANSWER_BYTES, MAX_ERROR_BYTES, MAX_EVENT_BYTES, MAX_TAIL_BYTES, type Upstream } from "./settings.ts";

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/;

/**
 * One running call: the connection's handler, the parser's listener, the decoder's output and what the caller holds, in one
 * object, so that a chunk on its way to the sink makes no closure and no promise.
 */
export class HttpCall implements Http1Handler, SseListener, ModelEventOutput, ModelCall {
  readonly #upstream: Upstream;
  readonly #sink: ModelEventSink;
  #streamed = false;
  /** The sink has heard its last word, or the caller wants to hear none. */
  #over = false;
  #aborted = false;
  #starting = false;
  #finishSeen = false;
  #paused = false;
  #connection: Connection | undefined;
  #head: AnswerHead | undefined;
  #responseOver = false;
  #tailBytes = 0;
  // Exactly one of these two is there once the head of the answer is.
  #parser: SseParser | undefined;
  #body: BoundedBytes | undefined;
  #decoder: StreamDecoder | undefined;

  constructor(upstream: Upstream, sink: ModelEventSink) {
    this.#upstream = upstream;
    this.#sink = sink;
  }

  /** Sends the request off. Whatever fails here is told to the sink after this has returned. */
  start(request: ModelRequest, context: CallContext): void {
    const { codec, pool, timeouts } = this.#upstream;
    this.#starting = true;
    this.#streamed = request.stream;
    try {
      const { deadline } = context;
      if (deadline <= Date.now()) throw deadlineError(this.#upstream.name);
      const encoded = codec.encode(request);
      pool.request(
        {
          head: requestHead(this.#upstream, encoded, context.traceparent),
          body: encoded.body,
          headMs: request.stream ? timeouts.firstByteMs : timeouts.wholeAnswerMs,
          idleMs: timeouts.idleMs,
          deadline,
        },
        this,
      );
    } catch (error) {
      this.#fail(toSlipwayError(error));
    }
    this.#starting = false;
  }

  abort(): void {
    this.#aborted = true;
    this.#over = true;
    this.#stop();
  }

  pause(): void {
    this.#paused = true;
    this.#connection?.pause(this);
  }

  resume(): void {
    this.#paused = false;
    this.#connection?.resume(this);
  }

  requestStart(connection: Connection): boolean {
    if (this.#over) return false;
    this.#connection = connection;
    return true;
  }

  answerHead(head: AnswerHead): void {
    this.#head = head;
    if (this.#paused) this.#connection?.pause(this);
    if (head.contentEncoding !== "" && head.contentEncoding !== "identity") {
      this.#fail(
        new SlipwayError(
          "provider_error",
          `The provider ${this.#upstream.name} compressed its answer, which was not asked for.`,
        ),
      );
    } else if (head.status >= 300) {
      this.#body = new BoundedBytes(MAX_ERROR_BYTES);
    } else if (this.#streamed && !JSON_TYPE.test(head.contentType)) {
      this.#decoder = this.#upstream.codec.openStream(this);
      this.#parser = new SseParser(this, MAX_EVENT_BYTES);
    } else {
      // Some upstreams do not stream what they were asked to stream; a whole answer is as good.
      this.#body = new BoundedBytes(MAX_ANSWER_BYTES, head.chunked ? -1 : head.contentLength);
    }
  }

  answerData(chunk: Buffer): void {
    if (this.#over) return this.#tail(chunk);
    if (this.#body) {
      if (this.#body.add(chunk)) return;
      if (this.#head && this.#head.status >= 300) this.#failByAnswer(this.#head, this.#body);
      else this.#fail(tooLongError(this.#upstream.name, MAX_ANSWER_BYTES));
      return;
    }
    try {
      this.#parser?.push(chunk);
    } catch (error) {
      this.#fail(toSlipwayError(error));
    }
  }

  answerEnd(): void {
    this.#responseOver = true;
    if (this.#over) return;
    if (this.#body && this.#head && this.#head.status >= 300) return this.#failByAnswer(this.#head, this.#body);
    try {
      if (this.#body) for (const event of this.#upstream.codec.decodeAnswer(this.#body.text())) this.event(event);
      else this.#decoder?.end();
    } catch (error) {
      return this.#fail(toSlipwayError(error));
    }
    this.#end();
  }

  requestError(error: Error): void {
    this.#responseOver = true;
    if (this.#over) return;
    const state = { begun: this.#head !== undefined, streamed: this.#streamed };
    this.#fail(connectionError(this.#upstream.name, error, state, this.#upstream.timeouts));
  }

  sseEvent(data: string, event: string): void {
    if (!this.#over && this.#decoder?.event(data, event) === true) this.#end();
  }

  event(event: ModelEvent): void {
    if (this.#over) return;
    if (event.type === "finish") this.#finishSeen = true;
    this.#sink.event(event);
  }

  #end(): void {
    if (this.#over) return;
    if (!this.#finishSeen) {
      this.#fail(
        new SlipwayError(
          "provider_stream_broken",
          `The provider ${this.#upstream.name} ended its answer before it was whole.`,
        ),
      );
      return;
    }
    this.#over = true;
    this.#sink.end();
  }

  #failByAnswer(head: AnswerHead, body: BoundedBytes): void {
    this.#fail(this.#upstream.codec.decodeError(head.status, headersOf(head.lines), body.text()));
  }

  #fail(error: SlipwayError): void {
    if (this.#over) return;
    this.#over = true;
    this.#stop();
    if (!this.#starting) return this.#sink.fail(error);
    queueMicrotask(() => {
      if (!this.#aborted) this.#sink.fail(error);
    });
  }

  #stop(): void {
    if (!this.#responseOver) this.#connection?.abort(this);
  }

  // The answer is whole, but its body is not over: it is read to its end, so that the connection can be used again.
  #tail(chunk: Buffer): void {
    this.#tailBytes += chunk.length;
    if (this.#tailBytes > MAX_TAIL_BYTES) this.#stop();
  }
}
