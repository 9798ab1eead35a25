import type { ModelCall, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { Principal } from "#identity/principal.ts";
import type { DecodedRequest } from "#router/dialects/dialect.ts";

/** A source of answers that has been chosen but not asked yet. */
export interface OpenedModel {
  /** Headers that tell the client who answers. */
  readonly headers: Readonly<Record<string, string>>;
  start(sink: ModelEventSink): ModelCall;
}

/** Finds who answers a model name: an agent for `agent/<name>`, else a provider. Rejects with the error to tell the client. */
export type OpenModel = (
  decoded: DecodedRequest,
  origin: {
    readonly principal: Principal;
    readonly requestId: string;
    readonly traceparent: string;
    readonly deadline: number;
  },
) => Promise<OpenedModel> | OpenedModel;
