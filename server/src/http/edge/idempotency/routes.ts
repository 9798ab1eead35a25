import type { GuardedRoute } from "./idempotency.ts";

const RUNS = /^\/api\/v1\/agents\/[^/]+\/runs$/;
const AGENT_RUNS: GuardedRoute = { route: "/api/v1/agents/:name/runs", requires: "agents:run" };
const API_KEYS: GuardedRoute = { route: "/api/v1/api-keys", requires: "keys:write" };

/** The route of a path of the REST API whose POST makes something or costs money; undefined for every other path. */
export function idempotentRoute(path: string): GuardedRoute | undefined {
  if (path === API_KEYS.route) return API_KEYS;
  return RUNS.test(path) ? AGENT_RUNS : undefined;
}
