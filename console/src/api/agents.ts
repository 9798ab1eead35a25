import type { AgentList } from "@slipway/contracts/api/agents.ts";
import { queryOptions } from "@tanstack/react-query";
import { getJson } from "./request.ts";

/** The agents that the server knows, broken ones included. */
export const agentsQuery = queryOptions({
  queryKey: ["agents"],
  queryFn: async ({ signal }) => (await getJson<AgentList>("/api/v1/agents", signal)).agents,
  staleTime: 5_000,
});
