import { queryOptions } from "@tanstack/react-query";
import { getJson } from "./request.ts";

/** One entry of the OpenAI model list. Agents are in it as `agent/<name>`. */
export interface Model {
  readonly id: string;
  readonly owned_by?: string;
}

/** Everything that can be sent as `model`. */
export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: async ({ signal }) => (await getJson<{ data: readonly Model[] }>("/v1/models", signal)).data,
  staleTime: 30_000,
});
