import { SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import { AnswerFold, type ModelAnswer } from "@slipway/contracts/model/fold.ts";
import type { CallControl } from "./call-control.ts";

/** Characters of one answer, reasoning and arguments included; no model of today writes as many. */
const MAX_ANSWER = 8_000_000;

function lengthOf(event: ModelEvent): number {
  if (event.type === "text" || event.type === "reasoning" || event.type === "refusal") return event.text.length;
  return event.type === "tool_call_delta" ? event.arguments.length : 0;
}

/** One model call of a run. */
export class ModelStep implements ModelEventSink {
  readonly #fold = new AnswerFold();
  readonly #answer = Promise.withResolvers<ModelAnswer>();
  readonly #onEvent: (event: ModelEvent) => void;
  #call: ModelCall | undefined;
  #length = 0;
  #over = false;
  #stopped = false;

  constructor(onEvent: (event: ModelEvent) => void) {
    this.#onEvent = onEvent;
  }

  event(event: ModelEvent): void {
    if (this.#over) return;
    this.#length += lengthOf(event);
    if (this.#length > MAX_ANSWER) {
      this.#stop(new SlipwayError("agent_failed", `The model's answer is longer than ${MAX_ANSWER} characters.`));
      return;
    }
    this.#fold.event(event);
    this.#onEvent(event);
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    const answer = this.#fold.answer();
    if (answer.finishReason !== undefined) this.#answer.resolve(answer);
    else
      this.#answer.reject(new SlipwayError("provider_stream_broken", "The model's answer ended before it was whole."));
  }

  fail(error: SlipwayError): void {
    if (this.#over) return;
    this.#over = true;
    this.#answer.reject(error);
  }

  /** What the model has said until now. */
  get partialText(): string {
    return this.#fold.answer().text;
  }

  /**
   * Makes the call and waits for the whole answer. Rejects with the model's failure, or with the signal's reason, upon which the call
   * is aborted.
   */
  async run(
    start: (sink: ModelEventSink) => ModelCall,
    signal: AbortSignal,
    control: CallControl,
  ): Promise<ModelAnswer> {
    signal.throwIfAborted();
    const stop = () => this.#stop(toSlipwayError(signal.reason));
    signal.addEventListener("abort", stop, { once: true });
    try {
      this.#begin(start, control);
      return await this.#answer.promise;
    } finally {
      signal.removeEventListener("abort", stop);
      control.detach();
    }
  }

  #begin(start: (sink: ModelEventSink) => ModelCall, control: CallControl): void {
    try {
      this.#call = start(this);
      // The end may have come before the call could be held.
      if (this.#stopped) this.#call.abort();
      else if (!this.#over) control.attach(this.#call);
    } catch (error) {
      this.fail(toSlipwayError(error));
    }
  }

  #stop(error: SlipwayError): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopped = true;
    this.#call?.abort();
    this.#answer.reject(error);
  }
}
