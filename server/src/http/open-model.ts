import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEventSink } from "@slipway/contracts/model/event.ts";
import { agentAsModel, agentOfModel } from "#agents/run/as-model.ts";
import type { AgentRunner } from "#agents/run/runner.ts";
import type { Principal } from "#identity/principal.ts";
import type { DecodedRequest } from "#router/dialects/dialect.ts";
import type { Router } from "#router/router.ts";

/** A source of answers that has been chosen but not asked yet. */
export interface OpenedModel {
  /** Headers that tell the client who answers. */
  readonly headers: Readonly<Record<string, string>>;
  start(sink: ModelEventSink): ModelCall;
}

/** Whose request it is and when it must be over. */
export interface RequestOrigin {
  readonly principal: Principal;
  readonly requestId: string;
  readonly traceparent: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
}

/** Finds who answers a model name: an agent for `agent/<name>`, else a provider. Throws or rejects with the error to tell the client. */
export type OpenModel = (decoded: DecodedRequest, origin: RequestOrigin) => Promise<OpenedModel> | OpenedModel;

// The mock says that it answers, so that nobody takes its words for a model's.
function mockHeaders(mock: boolean): Readonly<Record<string, string>> {
  return mock ? { "x-slipway-mock": "true" } : {};
}

/** Opens agents and models. Without a runner, this server has no agents. */
export function createOpenModel(options: {
  readonly router: Router;
  readonly runner: AgentRunner | undefined;
  /** True when every model is the mock. */
  readonly mock: boolean;
}): OpenModel {
  const { router, runner, mock } = options;
  const openAgent = async (agent: string, decoded: DecodedRequest, origin: RequestOrigin): Promise<OpenedModel> => {
    if (!runner) {
      throw new SlipwayError("agent_not_found", "This server runs no agents.", {
        hint: "Add `agents` to SLIPWAY_ROLES.",
      });
    }
    const { request, threadId } = decoded;
    const { principal, requestId, traceparent, deadline } = origin;
    const { tenantId, keyId } = principal;
    const answer = await agentAsModel(
      runner,
      { agent, request, threadId },
      { tenantId, keyId, requestId, traceparent, deadline },
    );
    return {
      headers: { "x-slipway-thread-id": answer.threadId, "x-slipway-run-id": answer.runId, ...mockHeaders(mock) },
      start: (sink) => answer.start(sink),
    };
  };
  return (decoded, origin) => {
    const { request, threadId } = decoded;
    const agent = agentOfModel(request.model);
    if (agent !== undefined) return openAgent(agent, decoded, origin);
    if (threadId !== undefined) {
      throw new SlipwayError(
        "unsupported_field",
        "`metadata.thread_id` continues a conversation with an agent; a model keeps none.",
        {
          param: "metadata.thread_id",
          hint: 'Send `model: "agent/<name>"`, or leave the field out.',
        },
      );
    }
    const target = router.resolve(request.model);
    const { tenantId, keyId } = origin.principal;
    const { requestId, traceparent, deadline } = origin;
    return {
      headers: { "x-slipway-provider": target.provider.name, ...mockHeaders(target.provider.mock) },
      start: (sink) =>
        router.call(target, request, { tenantId, keyId, requestId, traceparent, deadline, agent: null }, sink),
    };
  };
}
