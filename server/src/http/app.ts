import { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import { type Context, Hono, type Next } from "hono";
import { routePath } from "hono/route";
import type { z } from "zod";
import { type RecordAudit, recorded } from "#audit/audit.ts";
import type { Authenticate } from "#identity/authenticate.ts";
import { assertPermitted, type PermissionSet } from "#identity/permissions.ts";
import { actorOf, type Principal } from "#identity/principal.ts";
import type { Logger } from "#telemetry/logger.ts";
import type { Exchange, RequestContext } from "./context.ts";
import { leaveTrail } from "./edge/audit-trail.ts";
import { parseJson, readBody } from "./edge/body.ts";
import { errorAnswer, noteError } from "./edge/errors.ts";
import { queryKey } from "./edge/query-key.ts";
import { assertOwnPage } from "./edge/same-origin.ts";
import { type Method, permissionsFor, type RouteDeclaration, type RouteTable } from "./route-table.ts";
import type { Handler } from "./server.ts";

interface Bindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly context: RequestContext;
}

export type AppContext = Context<{ Bindings: Bindings }>;

/** Answers a request whose caller is verified and permitted; `next` leaves it to the route that was registered after. */
export type RouteHandler = (c: AppContext, next: Next) => Response | Promise<Response | void>;

type Register = (path: string, declaration: RouteDeclaration, handler: RouteHandler) => void;

/** The application of all routes that are not hot. No route can be had without a declaration of who may ask it. */
export type App = Readonly<Record<Method, Register>>;

/** What every route of the application may use. */
export interface AppServices {
  readonly authenticate: Authenticate;
  readonly audit: RecordAudit;
}

// Bodies of our own API are small; models' requests have a bound of their own.
const MOST_BODY_BYTES = 4 * 1024 * 1024;

/** The verified caller of a route that is not public. */
export function principalOf(c: AppContext): Principal {
  const { principal } = c.env.context;
  if (!principal) throw new Error("a public route asked for its caller");
  return principal;
}

// A session may change things only from the console's own pages.
function admitCaller(c: AppContext, services: AppServices, declaration: RouteDeclaration, wanted: PermissionSet): void {
  const { incoming, context } = c.env;
  const principal = services.authenticate(incoming.headers, queryKey(incoming.url, declaration.keyParameter));
  context.principal = principal;
  if (principal.via === "session") assertOwnPage(incoming);
  assertPermitted(principal, wanted);
}

/** Records what the caller did. */
export function auditOf(
  c: AppContext,
  services: AppServices,
  principal: Principal,
  action: string,
  target: string,
): void {
  const { context } = c.env;
  context.audited = true;
  const commit = recorded(services.audit, {
    tenantId: principal.tenantId,
    actor: actorOf(principal),
    action,
    target,
    outcome: "ok",
    code: null,
    requestId: context.requestId,
    route: routePath(c, -1),
    clientIp: context.clientIp,
  });
  // Whoever streams does not come to where it is awaited before the stream is over.
  commit.catch(() => {});
  const before = commits.get(context);
  commits.set(context, before ? Promise.all([before, commit]) : commit);
}

/** Records that requests have left and that their answers wait for. */
const commits = new WeakMap<RequestContext, Promise<unknown>>();

/** Resolves when what the request did so far is in the audit log; rejects with `audit_unavailable`. For whoever streams an answer. */
export async function untilRecorded(c: AppContext): Promise<void> {
  await commits.get(c.env.context);
}

/** Holds the answer back until what was done is in the audit log; an answer that may not be given is replaced. */
async function awaitTrail(c: AppContext, audit: RecordAudit, log: Logger): Promise<void> {
  const { context, incoming } = c.env;
  try {
    await commits.get(context);
    const told = c.error === undefined ? undefined : toSlipwayError(c.error);
    await leaveTrail(audit, { req: incoming, context }, told);
  } catch (error) {
    if (c.env.outgoing.headersSent) return;
    c.res = undefined;
    c.res = answerError(error, c, log);
  }
}

/** Checks a value against a schema; the first thing wrong becomes `invalid_request` that names its place. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  // A mistyped field is both unknown and, under its right name, missing: the first is what the sender can see.
  const { issues } = result.error;
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  const param = issue?.path.join(".") || "body";
  throw new SlipwayError("invalid_request", `\`${param}\`: ${issue?.message ?? "is wrong"}.`, { param });
}

/** The body as JSON, checked by the schema that the route declares. */
export async function jsonBody<Schema extends z.ZodType>(c: AppContext, schema: Schema): Promise<z.output<Schema>> {
  const { context, incoming } = c.env;
  if (declarations.get(context)?.body !== schema) throw new Error("a route read a body that it does not declare");
  return checked(schema, parseJson(context.body ?? (await readBody(incoming, MOST_BODY_BYTES))));
}

/** The query, checked by the schema that the route declares. */
export function queryOf<Schema extends z.ZodType>(c: AppContext, schema: Schema): z.output<Schema> {
  if (declarations.get(c.env.context)?.query !== schema)
    throw new Error("a route read a query that it does not declare");
  return checked(schema, c.req.query());
}

/** A path parameter of the matched route. */
export function pathParam(c: AppContext, name: string): string {
  return c.req.param(name) ?? "";
}

function answerError(thrown: unknown, c: AppContext, log: Logger): Response {
  const { context } = c.env;
  const answer = errorAnswer(noteError(thrown, context, log), context.path, context.requestId);
  return new Response(answer.body, { status: answer.status, headers: answer.headers });
}

// What the route that serves a request has declared, so that nothing is read that the tables do not know of.
const declarations = new WeakMap<RequestContext, RouteDeclaration>();

function createRegistrar(hono: Hono<{ Bindings: Bindings }>, services: AppServices, table: RouteTable): App {
  const registrar = (method: Method): Register => {
    return (path, declaration, handler) => {
      table.declare({ ...declaration, method, path });
      const wanted = permissionsFor(declaration.requires);
      const isPublic = declaration.requires === "public";
      hono[method](path, async (c, next) => {
        declarations.set(c.env.context, declaration);
        if (!isPublic) admitCaller(c, services, declaration, wanted);
        return handler(c, next);
      });
    };
  };
  return {
    get: registrar("get"),
    post: registrar("post"),
    put: registrar("put"),
    patch: registrar("patch"),
    delete: registrar("delete"),
    all: registrar("all"),
  };
}

/**
 * What a browser may do with an answer that says nothing of its own: neither guess its kind, keep it, show it in a frame, nor run anything
 * in it (OWASP REST Security Cheat Sheet, "Security Headers").
 */
const GUARDED = [
  ["x-content-type-options", "nosniff"],
  ["cache-control", "no-store"],
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["referrer-policy", "no-referrer"],
] as const;

/** The application with the routes that `register` adds, as one handler of the server; each is taken up in the table. */
export function createApp(
  options: { readonly log: Logger; readonly services: AppServices; readonly table: RouteTable },
  register: (app: App) => void,
): Handler {
  const { log, services } = options;
  const app = new Hono<{ Bindings: Bindings }>({ strict: false });
  app.use(async (c, next) => {
    await next();
    c.env.context.route = c.error || c.res.status !== 404 ? routePath(c, -1) : "unknown";
    await awaitTrail(c, services.audit, log);
    for (const [name, value] of GUARDED) if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  });
  register(createRegistrar(app, services, options.table));
  app.onError((error, c) => answerError(error, c, log));
  app.notFound((c) => {
    const error = new SlipwayError(
      "not_found",
      `There is nothing at ${c.req.method} ${c.env.context.path.slice(0, 200)}.`,
      {
        hint: "See the README for the paths.",
      },
    );
    return answerError(error, c, log);
  });
  const contexts = new WeakMap<object, RequestContext>();
  const listener = getRequestListener(
    (request, { incoming, outgoing }) => {
      const context = contexts.get(incoming);
      if (!context || !(incoming instanceof IncomingMessage) || !(outgoing instanceof ServerResponse)) {
        throw new Error("a request reached the application around the server");
      }
      return app.fetch(request, { incoming, outgoing, context });
    },
    { overrideGlobalObjects: false },
  );
  return async ({ req, res, context }: Exchange) => {
    if (!(req instanceof IncomingMessage) || !(res instanceof ServerResponse)) {
      throw new TypeError("Only the hot routes are served without Node's own server.");
    }
    contexts.set(req, context);
    await listener(req, res);
  };
}
