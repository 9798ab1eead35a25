import type { Agents } from "#agents/registry/agents.ts";
import { type AgentRunner, createAgentRunner } from "#agents/run/runner.ts";
import type { Config } from "#config/config.ts";
import type { createEnvelopes } from "#keys/envelope.ts";
import type { createConversations } from "#memory/conversations.ts";
import { limitedStep } from "#router/limited-step.ts";
import type { PriceTable } from "#router/price/price-table.ts";
import type { createRouter } from "#router/router.ts";
import type { createStore } from "#store/create-store.ts";
import type { LimitRooms } from "./limits.ts";
import type { composeTelemetry } from "./telemetry.ts";

/** Runs of agents over the router, without a way back through HTTP. */
export function createRunner(
  config: Config,
  rooms: {
    readonly agents: Agents;
    readonly conversations: ReturnType<typeof createConversations>;
    readonly store: ReturnType<typeof createStore>;
    readonly envelopes: ReturnType<typeof createEnvelopes>;
    readonly router: ReturnType<typeof createRouter>;
    readonly prices: PriceTable;
    readonly limits: LimitRooms;
    readonly telemetry: ReturnType<typeof composeTelemetry>;
  },
): AgentRunner {
  const { agents, conversations, store, envelopes, router, prices, limits, telemetry } = rooms;
  const { metrics } = telemetry;
  return createAgentRunner({
    agents,
    conversations,
    runs: store.runs,
    envelopes,
    models: { stream: limitedStep({ router, limits: limits.declared, prices, metrics }) },
    defaultModel: config.defaultModel,
    log: telemetry.log,
    onEnd: ({ run }) => telemetry.metrics.agentRuns.inc({ status: run.status }),
  });
}
