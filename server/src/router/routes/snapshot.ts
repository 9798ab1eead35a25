import { SlipwayError } from "@slipway/contracts/errors.ts";
import { type RouteSpec, routeSpecSchema } from "@slipway/contracts/spec/route.ts";
import { BoundedMap } from "#lib/bounded-map.ts";
import type { Logger } from "#telemetry/logger.ts";
import type { CompileContext } from "./compile.ts";
import { implicitRoute } from "./implicit.ts";
import type { Route } from "./route.ts";
import { RouteTable } from "./table.ts";

/** A route that a tenant has made, as it is stored. */
export interface TenantRoute {
  readonly tenantId: string;
  readonly spec: unknown;
}

/** Where routes come from: the file, which holds for every tenant, and what tenants have made by the API. */
export interface RouteSources {
  readonly file: readonly RouteSpec[];
  /** Tells one content of the file from another; the same on every replica that has the same file. */
  readonly fileVersion: string;
  readonly stored: readonly TenantRoute[];
  /** A number that grows with every change of what is stored. */
  readonly storedVersion: number;
}

export const NO_ROUTES: RouteSources = { file: [], fileVersion: "", stored: [], storedVersion: 0 };

const MOST_NAMES = 2_000;
const MOST_NAME = 200;

/** All routes at one time. Immutable but for what it remembers; replaced as a whole. */
export class RouteSnapshot {
  /** Null when no route is configured at all. */
  readonly version: string | null;
  readonly #context: CompileContext;
  readonly #shared: RouteTable;
  readonly #tenants = new Map<string, RouteTable>();
  /** Of names that no route takes. */
  readonly #implicit = new BoundedMap<string, Route>(MOST_NAMES);

  constructor(sources: RouteSources, context: CompileContext, log: Logger) {
    const { file, fileVersion, stored, storedVersion } = sources;
    const version = `${storedVersion}${fileVersion === "" ? "" : `-${fileVersion}`}`;
    this.version = file.length + stored.length === 0 ? null : version;
    this.#context = context;
    this.#shared = new RouteTable(file, version, context);
    for (const [tenantId, routes] of Map.groupBy(stored, (route) => route.tenantId)) {
      const specs = routes.flatMap(({ spec }) => readable(spec, tenantId, log) ?? []);
      this.#tenants.set(tenantId, new RouteTable(specs, version, context));
    }
  }

  /** The tenant's own route, else the file's, else the one target that the name itself leads to. */
  resolve(model: string, tenantId: string): Route {
    if (this.version === null) return this.#implicitly(model);
    const own = this.#tenants.size === 0 ? undefined : this.#tenants.get(tenantId)?.find(model);
    const route = own ?? this.#shared.find(model);
    if (!route) return this.#implicitly(model);
    if (route.pools.length > 0) return route;
    throw new SlipwayError("provider_not_configured", `No target of the route \`${route.name}\` can be asked here.`, {
      param: "model",
      hint: "Its providers are not configured on this server.",
    });
  }

  /** The names that a tenant can send and that routes have given, without those of patterns. */
  names(tenantId: string): readonly string[] {
    return [...new Set([...(this.#tenants.get(tenantId)?.names ?? []), ...this.#shared.names])];
  }

  #implicitly(model: string): Route {
    const known = this.#implicit.get(model);
    if (known) return known;
    const { providers, states } = this.#context;
    const route = implicitRoute(model, providers, states, this.version);
    if (model.length <= MOST_NAME) this.#implicit.set(model, route);
    return route;
  }
}

/** A newer version may have stored what this one does not know: its other routes are in force all the same. */
function readable(spec: unknown, tenantId: string, log: Logger): RouteSpec | undefined {
  const result = routeSpecSchema.safeParse(spec);
  if (result.success) return result.data;
  log.warn({ tenantId, issue: result.error.issues[0]?.message }, "a stored route is not understood and left out");
  return undefined;
}
