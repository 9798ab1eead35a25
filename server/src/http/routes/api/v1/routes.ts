import { type ApiRoute, type ApiRouteList, putRouteSchema } from "@slipway/contracts/api/routes.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { type RouteSpec, routeNameSchema, routeSpecSchema } from "@slipway/contracts/spec/route.ts";
import { routeProblems } from "#router/routes/check.ts";
import type { ChangeFeed } from "#store/change-feed.ts";
import type { Routes, StoredRoute } from "#store/routes.ts";
import { type App, type AppServices, auditOf, checked, jsonBody, pathParam, principalOf } from "../../../app.ts";

/** Routes that a tenant may have. */
const MOST_ROUTES = 200;

function notFound(name: string): SlipwayError {
  return new SlipwayError("route_not_found", `There is no route \`${name.slice(0, 100)}\` of your own.`, {
    hint: "GET /api/v1/routes lists them; those of slipway.yaml are changed there.",
  });
}

/** Undefined for what a newer version has stored and this one does not understand. */
function present(stored: StoredRoute): ApiRoute | undefined {
  const { success, data } = routeSpecSchema.safeParse(stored.spec);
  if (!success) return undefined;
  const { createdAt, updatedAt } = stored;
  return { ...data, source: "api", createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}

function refuse(
  spec: RouteSpec,
  others: readonly StoredRoute[],
  { providers, compares }: { readonly providers: Iterable<string>; readonly compares: boolean },
): void {
  if (others.length >= MOST_ROUTES) {
    throw new SlipwayError("conflict", `A tenant has at most ${MOST_ROUTES} routes.`, { hint: "Remove one first." });
  }
  const known = others.flatMap((other) => present(other) ?? []);
  // The new one comes last, so that what it takes from another is found at its own place.
  const problems = routeProblems([...known, spec], providers, compares);
  const problem = problems.find(({ path }) => path[0] === known.length);
  if (!problem) return;
  const param = problem.path.slice(1).join(".");
  const taken = problem.message.includes("already");
  throw new SlipwayError(taken ? "conflict" : "invalid_request", `\`${param}\`: ${problem.message}.`, {
    param,
    ...(problem.suggestion === undefined ? {} : { hint: `Did you mean \`${problem.suggestion}\`?` }),
  });
}

/** `/api/v1/routes`: the tenant's own routes. A change is in force here when the answer is sent, and everywhere within a second. */
export function registerRoutes(
  app: App,
  services: AppServices,
  options: {
    readonly routes: Routes;
    readonly changes: ChangeFeed;
    /** The routes of the file, which hold for every tenant. */
    readonly shared: () => readonly RouteSpec[];
    readonly providers: Iterable<string>;
    /** An embedding model is set for semantic caches. */
    readonly compares: boolean;
    readonly version: () => string | null;
  },
): void {
  const { routes, changes } = options;
  const ids = { name: "route" };
  app.get("/api/v1/routes", { requires: "routes:read" }, async (c) => {
    const { tenantId } = principalOf(c);
    const own = (await routes.list(tenantId)).flatMap((stored) => present(stored) ?? []);
    const shared = options
      .shared()
      .map((spec): ApiRoute => ({ ...spec, source: "file", createdAt: null, updatedAt: null }));
    const list: ApiRouteList = { version: options.version(), routes: [...own, ...shared] };
    return c.json(list);
  });
  app.get("/api/v1/routes/:name", { requires: "routes:read", ids }, async (c) => {
    const { tenantId } = principalOf(c);
    const name = pathParam(c, "name");
    const stored = (await routes.list(tenantId)).find((route) => route.name === name);
    const found = stored && present(stored);
    if (!found) throw notFound(name);
    return c.json(found);
  });
  app.put("/api/v1/routes/:name", { requires: "routes:write", ids, body: putRouteSchema }, async (c) => {
    const principal = principalOf(c);
    const name = checked(routeNameSchema, pathParam(c, "name"));
    const spec: RouteSpec = { ...(await jsonBody(c, putRouteSchema)), name };
    const others = (await routes.list(principal.tenantId)).filter((route) => route.name !== name);
    refuse(spec, others, options);
    const stored = await routes.put(principal.tenantId, name, spec);
    await changes.refresh();
    auditOf(c, services, principal, "route.put", name);
    const { createdAt, updatedAt, created } = stored;
    const answer: ApiRoute = {
      ...spec,
      source: "api",
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
    };
    return c.json(answer, created ? 201 : 200);
  });
  app.delete("/api/v1/routes/:name", { requires: "routes:write", ids }, async (c) => {
    const principal = principalOf(c);
    const name = pathParam(c, "name");
    if (!(await routes.remove(principal.tenantId, name))) throw notFound(name);
    await changes.refresh();
    auditOf(c, services, principal, "route.delete", name);
    return c.body(null, 204);
  });
}
