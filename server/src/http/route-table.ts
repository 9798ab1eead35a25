import { PERMISSIONS, type Permission } from "@slipway/contracts/permissions.ts";
import type { z } from "zod";
import { NO_PERMISSIONS, type PermissionSet, permissionSet } from "#identity/permissions.ts";

/**
 * Who may ask a route: a caller with this permission; any verified caller (`authenticated`); or everybody (`public`), which is for
 * what says nothing of any tenant.
 */
export type Requirement = Permission | "authenticated" | "public";

/** What a route says of itself before it is served. The isolation matrix and the permissions page are made from it. */
export interface RouteDeclaration {
  readonly requires: Requirement;
  /** What each parameter of the path names: a kind of a tenant's things, or of what all tenants share (agent, model, file). */
  readonly ids?: Readonly<Record<string, string>>;
  /** The schema of the body, strict; ids in it carry their kind (`idOf`). */
  readonly body?: z.ZodType;
  /** The schema of the query, strict. */
  readonly query?: z.ZodType;
  /** Ids in a body that has no schema here, because it is a dialect's: dotted path → kind. */
  readonly bodyIds?: Readonly<Record<string, string>>;
  /** See `Dialect.keyParameter`. */
  readonly keyParameter?: string | undefined;
}

export type Method = "get" | "post" | "put" | "patch" | "delete" | "all";

/** A route that is served. */
export interface DeclaredRoute extends RouteDeclaration {
  readonly method: Method;
  /** As it is registered: `:name` and `{name}` are parameters. */
  readonly path: string;
}

/** What the caller must be permitted for this route. */
export function permissionsFor(requires: Requirement): PermissionSet {
  return requires === "authenticated" || requires === "public" ? NO_PERMISSIONS : permissionSet([requires]);
}

const REQUIREMENTS: ReadonlySet<unknown> = new Set([...PERMISSIONS, "authenticated", "public"]);
// Google's paths end in a colon and a method, which is no parameter.
const PARAMETER = /(?<=\/):(\w+)|\{(\w+)\}|(\*)/g;

/** The parameters of a route's path; `*` for a rest of any length. */
export function parametersOfPath(path: string): readonly string[] {
  return [...path.matchAll(PARAMETER)].map(([, colon, brace, rest]) => colon ?? brace ?? rest ?? "");
}

/** The path with this in place of each parameter. */
export function fillPath(path: string, value: (parameter: string) => string): string {
  return path.replaceAll(PARAMETER, (_, colon?: string, brace?: string, rest?: string) =>
    value(colon ?? brace ?? rest ?? ""),
  );
}

/** Every route of a server, each with its declaration. */
export class RouteTable {
  readonly #routes: DeclaredRoute[] = [];

  /** Takes a route up. Throws when it does not say who may ask it or what the parameters of its path name: such a server must not start. */
  declare(route: DeclaredRoute): void {
    const name = `${route.method.toUpperCase()} ${route.path}`;
    // Types hold this where they are not cast away; a route that anybody may ask by mistake is worth asking twice.
    if (!REQUIREMENTS.has(route.requires)) throw new Error(`The route ${name} does not declare who may ask it.`);
    const ids = route.ids ?? {};
    const missing = parametersOfPath(route.path).filter((parameter) => ids[parameter] === undefined);
    if (missing.length > 0) throw new Error(`The route ${name} does not declare what ${missing.join(", ")} names.`);
    this.#routes.push(route);
  }

  /** In the order of their registration. */
  get routes(): readonly DeclaredRoute[] {
    return this.#routes;
  }
}
