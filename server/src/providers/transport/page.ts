import { SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import { type AnswerHead, headersOf } from "#lib/http1/answer-head.ts";
import type { EncodedRequest } from "../codec.ts";
import { BoundedBytes } from "./bytes.ts";
import { connectionError, tooLongError } from "./failure.ts";
import { requestHead } from "./head.ts";
import type { Connection, Http1Handler } from "./http1/connection.ts";
import { MAX_ANSWER_BYTES, type Upstream } from "./settings.ts";

/** What may be said of a request besides its time. */
export interface PageOptions {
  /** W3C `traceparent` to send along. */
  readonly traceparent?: string;
  /** Bytes that the answer may have. */
  readonly maxBytes?: number;
  /** Stops the request when nobody waits for it any more. */
  readonly signal?: AbortSignal;
}

/** Waits for the whole body of a request, such as a page of models or a batch of vectors. */
class PageRequest implements Http1Handler {
  readonly #upstream: Upstream;
  readonly #resolve: (body: string) => void;
  readonly #reject: (error: SlipwayError) => void;
  readonly #maxBytes: number;
  readonly #body: BoundedBytes;
  #connection: Connection | undefined;
  #head: AnswerHead | undefined;
  #aborted = false;

  constructor(
    upstream: Upstream,
    maxBytes: number,
    resolve: (body: string) => void,
    reject: (error: SlipwayError) => void,
  ) {
    this.#upstream = upstream;
    this.#maxBytes = maxBytes;
    this.#body = new BoundedBytes(maxBytes);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  abort(): void {
    this.#aborted = true;
    this.#connection?.abort(this);
    this.#reject(new SlipwayError("client_closed_request", "The client left before the answer was whole."));
  }

  requestStart(connection: Connection): boolean {
    if (this.#aborted) return false;
    this.#connection = connection;
    return true;
  }

  answerHead(head: AnswerHead): void {
    this.#head = head;
  }

  answerData(chunk: Buffer): void {
    if (this.#body.add(chunk)) return;
    this.#reject(tooLongError(this.#upstream.name, this.#maxBytes));
    this.#connection?.abort(this);
  }

  answerEnd(): void {
    const { codec } = this.#upstream;
    const status = this.#head?.status ?? 0;
    if (status < 300) this.#resolve(this.#body.text());
    else this.#reject(codec.decodeError(status, headersOf(this.#head?.lines ?? ""), this.#body.text()));
  }

  requestError(error: Error): void {
    const state = { begun: this.#head !== undefined, streamed: false };
    this.#reject(connectionError(this.#upstream.name, error, state, this.#upstream.timeouts));
  }
}

/** The body of an answer with a status of 2xx. Rejects with what the provider or the connection said, at the deadline, and when it is stopped. */
export async function requestPage(
  upstream: Upstream,
  request: EncodedRequest,
  deadline: number,
  options: PageOptions = {},
): Promise<string> {
  const { traceparent = "", maxBytes = MAX_ANSWER_BYTES, signal } = options;
  let page: PageRequest | undefined;
  const stop = (): void => page?.abort();
  try {
    return await new Promise<string>((resolve, reject: (error: SlipwayError) => void) => {
      const { wholeAnswerMs: headMs, idleMs } = upstream.timeouts;
      page = new PageRequest(upstream, maxBytes, resolve, reject);
      signal?.addEventListener("abort", stop);
      if (signal?.aborted === true) return stop();
      upstream.pool.request(
        { head: requestHead(upstream, request, traceparent), body: request.body, headMs, idleMs, deadline },
        page,
      );
    });
  } catch (error) {
    throw toSlipwayError(error);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
