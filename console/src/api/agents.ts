import type { Agent, AgentList, PutAgent } from "@slipway/contracts/api/agents.ts";
import { queryOptions } from "@tanstack/react-query";
import { deletePath, getJson, postJson, putJson } from "./request.ts";

const PATH = "/api/v1/agents";

const pathOf = (name: string): string => `${PATH}/${encodeURIComponent(name)}`;

/** The agents that the server knows, broken ones included. */
export const agentsQuery = queryOptions({
  queryKey: ["agents"],
  queryFn: async ({ signal }) => (await getJson<AgentList>(PATH, signal)).agents,
  staleTime: 5_000,
});

/** One agent with its definition, as it is now. */
export async function readAgent(name: string, signal: AbortSignal): Promise<Agent> {
  return getJson<Agent>(pathOf(name), signal);
}

/** Makes an agent of the tenant's own. Fails with 409 when the name is taken. */
export async function createAgent(name: string, definition: PutAgent): Promise<Agent> {
  return postJson<Agent>(PATH, { name, ...definition });
}

/** Changes an agent that is still what was read of it. Fails with 412 when somebody has changed it since. */
export async function changeAgent(name: string, definition: PutAgent, readHash: string | null): Promise<Agent> {
  return putJson<Agent>(pathOf(name), definition, readHash);
}

/** Removes an agent that is still what was read of it. Fails as {@link changeAgent} does. */
export async function removeAgent(name: string, readHash: string | null): Promise<void> {
  await deletePath(pathOf(name), readHash);
}
