import { type Role, ROLE_PERMISSIONS, ROLES } from "@slipway/contracts/permissions.ts";
import { type DeclaredRoute, fillPath } from "../../server/src/http/route-table.ts";
import { type IdPlace, idPlaces, inputSchema, looseObjects, sample, undeclaredIds, withAt } from "./schema.ts";
import {
  BESIDE,
  DIALECT_BODIES,
  MAKERS,
  MODEL_FOR_ID,
  NAMES,
  NEW_IDS,
  OWN_OF_SHARED,
  type Reply,
  SECRET,
  SHARED,
  type SignedIn,
} from "./things.ts";
import type { World } from "./world.ts";

/** A place of a route where a request names something. */
interface Position extends IdPlace {
  readonly in: "path" | "query" | "body";
}

/** What the matrix found; `leaks` and `problems` are empty when it is green. */
export interface Findings {
  readonly cells: number;
  /** Answers that showed or reached something of the other tenant. */
  readonly leaks: readonly string[];
  /** Whatever else is not as declared. */
  readonly problems: readonly string[];
}

/** Who sends: a key, a browser that is signed in (or what a page of another site can have it send), or nobody. */
type Sender = string | Partial<SignedIn> | undefined;

/** Requests of these change nothing, and so may come from anywhere. */
const SAFE: ReadonlySet<string> = new Set(["get"]);

const NOBODYS = "nobodys-0000000000000000000000";

function positionsOf(route: DeclaredRoute): readonly Position[] {
  const inPath = Object.entries(route.ids ?? {}).map(([at, kind]) => ({ in: "path" as const, at, kind }));
  const query = route.query ? idPlaces(inputSchema(route.query)) : [];
  const body = route.body ? idPlaces(inputSchema(route.body)) : [];
  const declared = Object.entries(route.bodyIds ?? {}).map(([at, kind]) => ({ at, kind }));
  return [
    ...inPath,
    ...query.map((place) => ({ in: "query" as const, ...place })),
    ...[...body, ...declared].map((place) => ({ in: "body" as const, ...place })),
  ];
}

/** What is wrong with a route's declaration, before anything is sent. */
function declarationProblems(route: DeclaredRoute): readonly string[] {
  const name = `${route.method} ${route.path}`;
  const schemas = [route.body, route.query].flatMap((schema) => (schema ? [inputSchema(schema)] : []));
  return [
    ...schemas.flatMap((schema) => looseObjects(schema)).map((at) => `${name}: ${at} takes unknown fields`),
    ...schemas
      .flatMap((schema) => undeclaredIds(schema))
      .filter((at) => !NEW_IDS.has(`${name} ${at}`))
      .map((at) => `${name}: ${at} does not say whose id it is`),
    ...positionsOf(route)
      .filter(({ kind }) => !(kind in MAKERS) && !(kind in SHARED))
      .map(({ kind }) => `${name}: nobody says how a ${kind} is made`),
    ...(route.method === "post" && !route.body && !(route.path in DIALECT_BODIES)
      ? [`${name}: nobody says what its body is`]
      : []),
  ];
}

/** A request that a page of another site can have a signed-in browser send. */
export interface Forgery {
  readonly what: string;
  readonly headers: (session: SignedIn) => Pick<SignedIn, "cookie"> & Partial<SignedIn>;
  /** What the refusal says. */
  readonly told: string;
}

/** Those of which every one must be refused. */
export const FORGERIES: readonly Forgery[] = [
  {
    what: "without the CSRF token",
    headers: ({ cookie, origin }) => ({ cookie, origin }),
    told: "does not carry the session's CSRF token",
  },
  {
    what: "from another origin",
    headers: (session) => ({ ...session, origin: "https://evil.example" }),
    told: "from the console's own pages only",
  },
];

function endsSessions({ method, path }: DeclaredRoute): boolean {
  return method === "delete" && path.startsWith("/api/v1/session");
}

class Matrix {
  readonly #world: World;
  readonly leaks: string[] = [];
  readonly problems: string[] = [];
  cells = 0;
  /** The other tenant's things by kind, the same for all cells: nothing may happen to them. */
  readonly #others = new Map<string, Promise<string>>();
  readonly #sessions = new Map<Role, SignedIn>();

  constructor(world: World) {
    this.#world = world;
  }

  async route(route: DeclaredRoute): Promise<void> {
    const wrong = declarationProblems(route);
    this.problems.push(...wrong);
    if (wrong.length > 0) return;
    if (route.requires === "public") {
      this.#look(`${route.method} ${route.path} by anybody`, await this.#send(route, undefined, new Map()));
      return;
    }
    await this.#strict(route);
    const nobody = await this.#send(route, undefined, await this.#ownThings(route));
    if (nobody.status !== 401) this.problems.push(`${route.method} ${route.path} without a key: ${nobody.status}`);
    // Who only reads is in nobody's way.
    if (SAFE.has(route.method)) await Promise.all(ROLES.map((role) => this.#role(route, role)));
    else for (const role of ROLES) await this.#role(route, role);
  }

  async #role(route: DeclaredRoute, role: Role): Promise<void> {
    const key = this.#world.own.keys[role];
    const name = `${route.method} ${route.path} as ${role}`;
    const { requires } = route;
    const permitted =
      requires === "authenticated" || ROLE_PERMISSIONS[role].some((permission) => permission === requires);
    const own = await this.#ownThings(route);
    this.#admitted(name, permitted, await this.#send(route, key, own));
    // A request that is refused, or only reads, leaves its things for the next one.
    const spent = permitted && !SAFE.has(route.method);
    const session = await this.#session(route, role);
    this.#admitted(
      `${name}, signed in`,
      permitted,
      await this.#send(route, session, spent ? await this.#ownThings(route) : own),
    );
    if (endsSessions(route)) this.#sessions.delete(role);
    for (const position of positionsOf(route).filter(({ kind }) => kind in MAKERS)) {
      const { kind } = position;
      const at = `${position.in} ${position.at}`;
      const others = await this.#otherThing(kind);
      const ask = async (by: Sender, id: string): Promise<Reply> =>
        this.#send(route, by, (await this.#ownThings(route, at)).set(at, id), position);
      const [crossed, none] = await Promise.all([ask(key, others), ask(key, NOBODYS)]);
      this.cells += 1;
      if (role === "owner") await this.#reaches(route, position);
      const said = `with the other tenant's ${kind} in ${at}`;
      this.#cross(`${name}, ${said}`, permitted, { crossed, none, others, kind });
      // Whoever is not permitted is refused before an id is looked at, which the session's own things have shown.
      if (!permitted) continue;
      const seen = await ask(session, others);
      // What a name leads to is another thing after the key has used it.
      const unseen = NAMES.has(kind) ? await ask(session, NOBODYS) : none;
      this.cells += 1;
      this.#cross(`${name}, signed in, ${said}`, permitted, { crossed: seen, none: unseen, others, kind });
    }
  }

  /** Whoever is permitted reaches its own things, and nobody else does. */
  #admitted(name: string, permitted: boolean, answer: Reply): void {
    this.cells += 1;
    this.#look(name, answer);
    const refused = answer.status === 403 || answer.status === 401;
    if (permitted && (refused || answer.status === 404 || answer.status >= 500))
      this.problems.push(`${name}, with its own things: ${answer.status} ${answer.text.slice(0, 200)}`);
    if (!permitted && answer.status !== 403) this.problems.push(`${name} is let in: ${answer.status}`);
  }

  /** The session of a role in its own tenant, opened with its key; a new one for routes that end sessions. */
  async #session(route: DeclaredRoute, role: Role): Promise<SignedIn> {
    const known = endsSessions(route) ? undefined : this.#sessions.get(role);
    const session = known ?? (await this.#world.signIn(this.#world.own.keys[role]));
    this.#sessions.set(role, session);
    return session;
  }

  /**
   * Every route that changes something, asked as a page of another site can have a signed-in browser ask it: without the CSRF token, and
   * with the token but from another origin. Each is refused and nothing of the tenant changes.
   */
  async forge(routes: readonly DeclaredRoute[], forgeries: readonly Forgery[]): Promise<void> {
    const world = this.#world;
    const { own, signIn } = world;
    const unsafe: (readonly [DeclaredRoute, ReadonlyMap<string, string>])[] = [];
    for (const route of routes) if (!SAFE.has(route.method)) unsafe.push([route, await this.#ownThings(route)]);
    const session = await signIn(own.keys.owner);
    const data = async (): Promise<string> => (await world.stored(own.id)).replaceAll(/^audit_.*$/gm, "");
    const before = await data();
    for (const [route, things] of unsafe)
      for (const { what, headers, told } of forgeries) {
        const { cookie, ...page } = headers(session);
        const { status, text } = await this.#send(route, { cookie, ...page }, things);
        this.cells += 1;
        if (status === 403 && text.includes(told)) continue;
        // A public route may take no notice of sessions at all.
        const unnoticed = route.requires === "public" ? await this.#send(route, page, things) : undefined;
        if (unnoticed?.status !== status)
          this.problems.push(`${route.method} ${route.path} of a session ${what} is not refused: ${status} ${text}`);
      }
    const after = await data();
    if (after !== before) this.problems.push(`what sessions were made to send has changed data:\n${before}\n${after}`);
  }

  /** The same place takes an id of the caller's own: or the other tenant's would be refused for something else, and show nothing. */
  async #reaches(route: DeclaredRoute, position: Position): Promise<void> {
    if (position.in === "path") return;
    const { send, own } = this.#world;
    const id = await MAKERS[position.kind]?.(send, own.keys.owner, "own-word");
    const place = `${position.in} ${position.at}`;
    const things = new Map(await this.#ownThings(route)).set(place, id ?? NOBODYS);
    const { status, text } = await this.#send(route, own.keys.owner, things, position);
    if (status >= 400)
      this.problems.push(
        `${route.method} ${route.path} does not take its own ${position.kind} in ${place}: ${status} ${text}`,
      );
  }

  /** The other tenant's id must be answered as one that nobody has. */
  #cross(
    name: string,
    permitted: boolean,
    seen: { readonly crossed: Reply; readonly none: Reply; readonly others: string; readonly kind: string },
  ): void {
    const { crossed, none, others, kind } = seen;
    this.#look(name, crossed, others);
    const said = (reply: Reply): string =>
      `${reply.status} ${reply.text}`
        .replaceAll(others, "<id>")
        .replaceAll(NOBODYS, "<id>")
        .replaceAll(/"(?:requestId|request_id|id|created|created_at|createdAt|updatedAt)":\s*(?:"[^"]*"|\d+)/g, "");
    if (said(crossed) !== said(none)) this.leaks.push(`${name} is told apart: ${said(crossed)} and ${said(none)}`);
    const expected = permitted ? [400, 403, 404] : [403];
    // A name that the other tenant uses is free for this one: what it says there is its own.
    if (!expected.includes(crossed.status) && !(permitted && NAMES.has(kind)))
      this.leaks.push(`${name} is answered ${crossed.status}`);
  }

  /** Nothing of the other tenant's may be in an answer, but for an id that the request itself named. */
  #look(name: string, { text }: Reply, sent?: string): void {
    if (text.includes(SECRET)) this.leaks.push(`${name} shows what the other tenant wrote`);
    for (const id of this.ids)
      if (id !== sent && text.includes(id)) this.leaks.push(`${name} shows the other tenant's ${id}`);
  }

  readonly ids = new Set<string>();

  #otherThing(kind: string): Promise<string> {
    let thing = this.#others.get(kind);
    if (!thing) {
      const { send, other } = this.#world;
      thing = MAKERS[kind]?.(send, other.keys.owner, SECRET) ?? Promise.reject(new Error(`no maker of ${kind}`));
      this.#others.set(kind, thing);
    }
    return thing.then((id) => {
      this.ids.add(id);
      return id;
    });
  }

  /** Every kind, so that lists have something to leak before the first route is asked. */
  async stock(): Promise<void> {
    for (const kind of Object.keys(MAKERS)) await this.#otherThing(kind);
    const { send, other } = this.#world;
    for (const make of Object.values(OWN_OF_SHARED)) await make(send, other.keys.owner, SECRET);
  }

  /** Fresh things of the caller's own tenant for each position but one that is tried: a call may remove them. */
  async #ownThings(route: DeclaredRoute, except?: string): Promise<Map<string, string>> {
    const { send, own } = this.#world;
    const things = new Map<string, string>();
    for (const { in: where, at, kind } of positionsOf(route)) {
      if (`${where} ${at}` === except) continue;
      // What a body may name is tried where it is looked at; left out it is valid too.
      const id =
        where === "path" ? await (MAKERS[kind] ?? OWN_OF_SHARED[kind])?.(send, own.keys.owner, "own-word") : undefined;
      if (id !== undefined) things.set(`${where} ${at}`, id);
    }
    return things;
  }

  async #strict(route: DeclaredRoute): Promise<void> {
    if (!route.body) return;
    const things = await this.#ownThings(route);
    const { status, text } = await this.#send(route, this.#world.own.keys.owner, things, undefined, { zz_unknown: 1 });
    const ofInstallation = route.requires.startsWith("tenants:");
    if (!ofInstallation && (status !== 400 || !text.includes("zz_unknown")))
      this.problems.push(`${route.method} ${route.path} takes an unknown field: ${status} ${text.slice(0, 200)}`);
  }

  #send(
    route: DeclaredRoute,
    by: Sender,
    things: ReadonlyMap<string, string>,
    tried?: Position,
    more: object = {},
  ): Promise<Reply> {
    const model = tried && MODEL_FOR_ID[tried.kind];
    const kinds = route.ids ?? {};
    const inPath = (at: string): string => {
      // A thread belongs to its agent: at another one it would be refused for that, and show nothing.
      if (kinds[at] === "agent" && tried?.in === "body" && model !== undefined) return model.replace("agent/", "");
      const shared = kinds[at] === "model" && model !== undefined ? model : SHARED[kinds[at] ?? ""];
      return things.get(`path ${at}`) ?? shared ?? NOBODYS;
    };
    const path = fillPath(route.path, inPath);
    const query = new URLSearchParams();
    let body: unknown = route.body ? sample(inputSchema(route.body)) : DIALECT_BODIES[route.path];
    if (route.path === "/api/v1/routes/:name" && route.method === "put")
      body = { targets: [{ target: "mock/mock-1" }] };
    if (route.path === "/api/v1/limits/:name" && route.method === "put") body = { concurrency: 1000 };
    if (model !== undefined && tried?.in === "body" && kinds["model"] === undefined && !route.body)
      body = withAt(body, "model", model);
    for (const [place, id] of things) {
      const [where, at = ""] = place.split(" ");
      if (where === "query") query.set(at, id);
      if (where !== "body") continue;
      body = withAt(body, at, id);
      const beside = tried?.at === at ? BESIDE[tried.kind] : undefined;
      const around = at.slice(0, at.lastIndexOf("."));
      for (const [name, value] of Object.entries(beside ?? {})) body = withAt(body, `${around}.${name}`, value);
    }
    if (typeof body === "object" && body !== null) body = { ...body, ...more };
    const search = query.size === 0 ? "" : `?${query.toString()}`;
    // One model is shown to Google's clients only, who are known by a header.
    const google = kinds["*"] === "model" ? { "x-goog-api-client": "matrix" } : {};
    const hasBody = !["get", "delete"].includes(route.method);
    const caller = typeof by === "string" ? { key: by, headers: google } : { headers: { ...google, ...by } };
    return this.#world.send(route.method.toUpperCase(), path + search, { ...caller, ...(hasBody ? { body } : {}) });
  }
}

/**
 * Asks every route as every role, by key and signed in, with its own and the other tenant's things in every position; and has a signed-in
 * browser send what pages of other sites can. A new route joins by being registered.
 */
export async function runMatrix(
  world: World,
  routes: readonly DeclaredRoute[] = world.service.routes,
  forgeries = FORGERIES,
): Promise<Findings> {
  const matrix = new Matrix(world);
  await matrix.stock();
  const before = await world.stored(world.other.id);
  // `all` says which method a path takes and does nothing else.
  const seen = new Set<string>();
  // The log of what a tenant did names what its own requests named: it is looked at before they name another tenant's things.
  const first = (route: DeclaredRoute) => route.path === "/api/v1/audit-records";
  for (const route of [...routes.filter(first), ...routes.filter((each) => !first(each))]) {
    const name = `${route.method} ${route.path}`;
    if (seen.has(name)) continue;
    seen.add(name);
    if (route.method === "all" && route.requires === "public") continue;
    await matrix.route(route);
  }
  const declared = routes.filter((route) => route.method !== "all" && declarationProblems(route).length === 0);
  await matrix.forge(declared, forgeries);
  const after = await world.stored(world.other.id);
  if (after !== before) matrix.leaks.push(`the other tenant's data has changed:\n${before}\n${after}`);
  const { cells, leaks, problems } = matrix;
  return { cells, leaks, problems };
}
