import type { EmbeddingAnswer, EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import type { ModelCall, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest, WireFamily } from "@slipway/contracts/model/request.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";

/** What the caller of a provider hands along with the request. */
export interface CallContext {
  readonly requestId: string;
  /** W3C `traceparent` to send upstream. */
  readonly traceparent: string;
  /** Milliseconds since the epoch at which the call must be over; a call past it fails with `provider_timeout`. */
  readonly deadline: number;
}

/** What the caller of {@link Provider.embed} says and hears while it runs. */
export interface EmbedControl {
  /** Stops all that runs; the promise rejects with `client_closed_request`. */
  readonly signal: AbortSignal;
  /** What one request to the upstream used. A call may make several, and the first may be billed when the next one fails. */
  readonly onUsage: (usage: Usage) => void;
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
  /** Turns inputs into vectors; absent where the provider has no embedding models. Rejects with a SlipwayError. */
  embed?(request: EmbeddingRequest, context: CallContext, control: EmbedControl): Promise<EmbeddingAnswer>;
  /**
   * Tokens of the prompt as the vendor counts them; absent where it does not, undefined where what stands behind its format does
   * not. Rejects with a SlipwayError.
   */
  countTokens?(request: ModelRequest, context: CallContext, signal: AbortSignal): Promise<number | undefined>;
  /** Names of the models that the upstream offers, for `GET /v1/models`. Rejects within `timeoutMs`. */
  listModels(timeoutMs: number): Promise<readonly string[]>;
  /** Puts another key in force for the calls that begin from now on; absent where there is no key. */
  setKey?(apiKey: string): void;
  /** The same upstream, over the same connections, by another key; absent where there is no key. Nobody needs to close it. */
  withKey?(apiKey: string): Provider;
  /** Closes idle connections. Running calls end on their own. */
  close(): Promise<void>;
}
