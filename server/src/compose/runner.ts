import type { Registry } from "#agents/registry/registry.ts";
import { type AgentRunner, createAgentRunner } from "#agents/run/runner.ts";
import type { Config } from "#config/config.ts";
import type { createEnvelopes } from "#keys/envelope.ts";
import type { createConversations } from "#memory/conversations.ts";
import type { createRouter } from "#router/router.ts";
import type { createStore } from "#store/create-store.ts";
import type { composeTelemetry } from "./telemetry.ts";

/** Runs of agents over the router, without a way back through HTTP. */
export function createRunner(
  config: Config,
  rooms: {
    readonly registry: Registry;
    readonly conversations: ReturnType<typeof createConversations>;
    readonly store: ReturnType<typeof createStore>;
    readonly envelopes: ReturnType<typeof createEnvelopes>;
    readonly router: ReturnType<typeof createRouter>;
    readonly telemetry: ReturnType<typeof composeTelemetry>;
  },
): AgentRunner {
  const { registry, conversations, store, envelopes, router, telemetry } = rooms;
  return createAgentRunner({
    registry,
    conversations,
    runs: store.runs,
    envelopes,
    models: {
      stream: (request, origin, sink) =>
        router.call(router.resolve(request.model, origin.tenantId), request, origin, sink),
    },
    defaultModel: config.defaultModel,
    log: telemetry.log,
    onEnd: ({ run }) => telemetry.metrics.agentRuns.inc({ status: run.status }),
  });
}
