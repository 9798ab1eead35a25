import { type Agents, createAgents } from "#agents/registry/agents.ts";
import { createRegistry, type Registry } from "#agents/registry/registry.ts";
import type { Config } from "#config/config.ts";
import type { Store } from "#store/store.ts";
import type { Logger } from "#telemetry/logger.ts";

/** The agents of files and of tenants, where the roles of this server have any. */
export interface AgentRooms {
  readonly registry: Registry | undefined;
  readonly agents: Agents | undefined;
}

/** Loads the agents of the folder; those of tenants come with the change feed. */
export async function composeAgents(config: Config, store: Store, log: Logger): Promise<AgentRooms> {
  if (!config.roles.has("agents")) return { registry: undefined, agents: undefined };
  const registry = await createRegistry({ ...config.agents, log });
  const agents = createAgents({ files: registry, stored: store.agents, directory: store.directory });
  return { registry, agents };
}
