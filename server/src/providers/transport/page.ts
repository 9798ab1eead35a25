import { type SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import type { Dispatcher } from "undici";
import type { AnswerHeaders, EncodedRequest } from "../codec.ts";
import { BoundedBytes } from "./bytes.ts";
import { connectionError, deadlineError, tooLongError } from "./failure.ts";
import { MAX_ANSWER_BYTES, type Upstream } from "./settings.ts";

/** Waits for the whole body of a small request such as a page of models. */
class PageRequest implements Dispatcher.DispatchHandler {
  readonly #upstream: Upstream;
  readonly #resolve: (body: string) => void;
  readonly #reject: (error: SlipwayError) => void;
  readonly #body = new BoundedBytes(MAX_ANSWER_BYTES);
  #status = 0;
  #headers: AnswerHeaders = {};

  constructor(upstream: Upstream, resolve: (body: string) => void, reject: (error: SlipwayError) => void) {
    this.#upstream = upstream;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  controller: Dispatcher.DispatchController | undefined;

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body.add(chunk)) return;
    this.#reject(tooLongError(this.#upstream.name, MAX_ANSWER_BYTES));
    controller.abort(new Error("The answer is too long."));
  }

  onResponseEnd(): void {
    const { codec } = this.#upstream;
    if (this.#status < 300) this.#resolve(this.#body.text());
    else this.#reject(codec.decodeError(this.#status, this.#headers, this.#body.text()));
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#reject(
      connectionError(
        this.#upstream.name,
        error,
        { begun: this.#status !== 0, streamed: false },
        this.#upstream.timeouts,
      ),
    );
  }
}

/** The body of an answer with a status of 2xx. Rejects with what the provider or the connection said, and at the deadline. */
export async function requestPage(upstream: Upstream, request: EncodedRequest, deadline: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<string>((resolve, reject: (error: SlipwayError) => void) => {
      const handler = new PageRequest(upstream, resolve, reject);
      timer = setTimeout(
        () => {
          reject(deadlineError(upstream.name));
          handler.controller?.abort(new Error("The time is up."));
        },
        Math.max(0, deadline - Date.now()),
      );
      const { method, path, headers, body } = request;
      upstream.dispatcher.dispatch({ method, path: upstream.basePath + path, headers: [...headers], body }, handler);
    });
  } catch (error) {
    throw toSlipwayError(error);
  } finally {
    clearTimeout(timer);
  }
}
