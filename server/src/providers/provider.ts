import type { ModelCall, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest, WireFamily } from "@slipway/contracts/model/request.ts";

/** What the caller of a provider hands along with the request. */
export interface CallContext {
  readonly requestId: string;
  /** W3C `traceparent` to send upstream. */
  readonly traceparent: string;
  /** Milliseconds since the epoch at which the call must be over; a call past it fails with `provider_timeout`. */
  readonly deadline: number;
}

/** One upstream that answers model requests. */
export interface Provider {
  /** The name it is configured by: `openai`, `anthropic`, `google`, `mock`, or the name of an OpenAI-compatible upstream. */
  readonly name: string;
  readonly family: WireFamily;
  /** True for the deterministic mock, which must be said to whoever asks. */
  readonly mock: boolean;
  /**
   * Starts one attempt. Everything comes through the sink, never as a throw, and never before this function has returned.
   * An answer that is not streamed arrives as the same events at once.
   */
  call(request: ModelRequest, context: CallContext, sink: ModelEventSink): ModelCall;
  /** Names of the models that the upstream offers, for `GET /v1/models`. Rejects within `timeoutMs`. */
  listModels(timeoutMs: number): Promise<readonly string[]>;
  /** Closes idle connections. Running calls end on their own. */
  close(): Promise<void>;
}
