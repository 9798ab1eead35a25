import { SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { Dispatcher } from "undici";
import { SseParser, type SseListener } from "#lib/sse.ts";
import type { AnswerHeaders, ModelEventOutput, StreamDecoder } from "../codec.ts";
import type { CallContext } from "../provider.ts";
import { BoundedBytes } from "./bytes.ts";
import { connectionError, deadlineError, tooLongError } from "./failure.ts";
import { MAX_ANSWER_BYTES, MAX_ERROR_BYTES, MAX_EVENT_BYTES, MAX_TAIL_BYTES, type Upstream } from "./settings.ts";

const ABORTED = new Error("The call was aborted.");
// Deadlines are rounded up to this, so that Node keeps them in a few lists instead of one for each millisecond.
const TIMER_STEP_MS = 50;
const MAX_TIMER_MS = 2 ** 31 - 1;

function onDeadline(call: HttpCall): void {
  call.deadlinePassed();
}

function isJson(headers: AnswerHeaders): boolean {
  const type = headers["content-type"];
  return typeof type === "string" && /^application\/(?:[\w.-]+\+)?json\b/i.test(type);
}

/**
 * One running call: undici's handler, the parser's listener, the decoder's output and what the caller holds, in one object, so
 * that a chunk on its way to the sink makes no closure and no promise.
 */
export class HttpCall implements Dispatcher.DispatchHandler, SseListener, ModelEventOutput, ModelCall {
  readonly #upstream: Upstream;
  readonly #sink: ModelEventSink;
  #streamed = false;
  /** The sink has heard its last word, or the caller wants to hear none. */
  #over = false;
  #aborted = false;
  #starting = false;
  #finishSeen = false;
  #paused = false;
  #timer: NodeJS.Timeout | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: AnswerHeaders = {};
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
    const { codec, dispatcher, basePath, timeouts } = this.#upstream;
    this.#starting = true;
    this.#streamed = request.stream;
    try {
      const left = context.deadline - Date.now();
      if (left <= 0) throw deadlineError(this.#upstream.name);
      const { method, path, headers, body } = codec.encode(request);
      this.#timer = setTimeout(
        onDeadline,
        Math.min(Math.ceil(left / TIMER_STEP_MS) * TIMER_STEP_MS, MAX_TIMER_MS),
        this,
      );
      const options: Dispatcher.DispatchOptions = {
        method,
        path: basePath + path,
        headers: context.traceparent === "" ? [...headers] : [...headers, "traceparent", context.traceparent],
        body,
        headersTimeout: request.stream ? timeouts.firstByteMs : timeouts.wholeAnswerMs,
        bodyTimeout: timeouts.idleMs,
      };
      dispatcher.dispatch(options, this);
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
    if (!this.#responseOver) this.#controller?.pause();
  }

  // Later, because undici's parser cannot be run again from within one of its own callbacks.
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    queueMicrotask(() => {
      if (!this.#paused && !this.#responseOver) this.#controller?.resume();
    });
  }

  /** The total time of the call is up. */
  deadlinePassed(): void {
    this.#timer = undefined;
    this.#fail(deadlineError(this.#upstream.name));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(ABORTED);
    else if (this.#paused) controller.pause();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    if (status < 200 || this.#over) return;
    this.#status = status;
    this.#headers = headers;
    const encoding = headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") {
      this.#fail(
        new SlipwayError(
          "provider_error",
          `The provider ${this.#upstream.name} compressed its answer, which was not asked for.`,
        ),
      );
    } else if (status >= 300) {
      this.#body = new BoundedBytes(MAX_ERROR_BYTES);
    } else if (this.#streamed && !isJson(headers)) {
      this.#decoder = this.#upstream.codec.openStream(this);
      this.#parser = new SseParser(this, MAX_EVENT_BYTES);
    } else {
      // Some upstreams do not stream what they were asked to stream; a whole answer is as good.
      this.#body = new BoundedBytes(MAX_ANSWER_BYTES);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return this.#tail(chunk);
    if (this.#body) {
      if (this.#body.add(chunk)) return;
      if (this.#status >= 300) this.#failByAnswer(this.#body);
      else this.#fail(tooLongError(this.#upstream.name, MAX_ANSWER_BYTES));
      return;
    }
    try {
      this.#parser?.push(chunk);
    } catch (error) {
      this.#fail(toSlipwayError(error));
    }
  }

  onResponseEnd(): void {
    this.#responseOver = true;
    if (this.#over) return;
    if (this.#body && this.#status >= 300) return this.#failByAnswer(this.#body);
    try {
      if (this.#body) for (const event of this.#upstream.codec.decodeAnswer(this.#body.text())) this.event(event);
      else this.#decoder?.end();
    } catch (error) {
      return this.#fail(toSlipwayError(error));
    }
    this.#end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#responseOver = true;
    if (this.#over) return;
    const state = { begun: this.#status !== 0, streamed: this.#streamed };
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
    this.#clearTimer();
    this.#sink.end();
  }

  #failByAnswer(body: BoundedBytes): void {
    this.#fail(this.#upstream.codec.decodeError(this.#status, this.#headers, body.text()));
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
    this.#clearTimer();
    if (!this.#responseOver) this.#controller?.abort(ABORTED);
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  // The answer is whole, but its body is not over: it is read to its end, so that the connection can be used again.
  #tail(chunk: Buffer): void {
    this.#tailBytes += chunk.length;
    if (this.#tailBytes > MAX_TAIL_BYTES) this.#stop();
  }
}
