import type { QueryClient } from "@tanstack/react-query";
import { agentsQuery } from "#api/agents.ts";
import { modelsQuery } from "#api/models.ts";

/** After a change: the list and the models are read anew where they are shown next. */
export function forgetAgents(queryClient: QueryClient): void {
  void queryClient.invalidateQueries({ queryKey: agentsQuery.queryKey });
  void queryClient.invalidateQueries({ queryKey: modelsQuery.queryKey });
}
