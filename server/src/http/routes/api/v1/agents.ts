import type { AgentSummary } from "@slipway/contracts/api/agents.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { type App, pathParam } from "../../../app.ts";

/** The agents as the registry knows them at the moment of asking. */
export interface AgentDirectory {
  list(): readonly AgentSummary[];
  summary(name: string): AgentSummary | undefined;
}

/** `/api/v1/agents`: the plugin agents, the broken ones too with what is wrong. */
export function registerAgents(app: App, agents: AgentDirectory): void {
  app.get("/api/v1/agents", { requires: "agents:read" }, (c) => c.json({ agents: agents.list() }));
  app.get("/api/v1/agents/:name", { requires: "agents:read", ids: { name: "agent" } }, (c) => {
    const agent = agents.summary(pathParam(c, "name"));
    if (!agent) {
      throw new SlipwayError("agent_not_found", "There is no agent of this name.", {
        hint: "GET /api/v1/agents lists the agents.",
      });
    }
    return c.json(agent);
  });
}
