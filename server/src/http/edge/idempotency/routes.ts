import type { GuardedRoute } from "./idempotency.ts";

const RUNS = /^\/api\/v1\/agents\/[^/]+\/runs$/;
const AGENT_RUNS: GuardedRoute = { route: "/api/v1/agents/:name/runs", requires: "agents:run" };
const ROTATION = /^\/api\/v1\/api-keys\/[^/]+\/rotate$/;
const ROTATED_KEY: GuardedRoute = { route: "/api/v1/api-keys/:id/rotate", requires: "keys:write" };
const TENANTS: GuardedRoute = { route: "/api/v1/tenants", requires: "tenants:write" };
const API_KEYS: GuardedRoute = { route: "/api/v1/api-keys", requires: "keys:write" };

/** The route of a path of the REST API whose POST makes something or costs money; undefined for every other path. */
export function idempotentRoute(asked: string): GuardedRoute | undefined {
  // The application takes a path with a slash at its end for the same.
  const path = asked.endsWith("/") ? asked.slice(0, -1) : asked;
  if (path === API_KEYS.route) return API_KEYS;
  if (path === TENANTS.route) return TENANTS;
  if (ROTATION.test(path)) return ROTATED_KEY;
  return RUNS.test(path) ? AGENT_RUNS : undefined;
}
