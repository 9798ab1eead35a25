import { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { type Context, Hono } from "hono";
import { routePath } from "hono/route";
import type { z } from "zod";
import type { RecordAudit } from "#audit/audit.ts";
import type { Authenticate } from "#identity/authenticate.ts";
import { actorOf, type Principal } from "#identity/principal.ts";
import type { Logger } from "#telemetry/logger.ts";
import type { Exchange, RequestContext } from "./context.ts";
import { parseJson, readBody } from "./edge/body.ts";
import { errorAnswer, noteError } from "./edge/errors.ts";
import { assertSameOrigin } from "./edge/same-origin.ts";
import type { Handler } from "./server.ts";

interface Bindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly context: RequestContext;
}

/** The Hono application of all routes that are not hot. */
export type App = Hono<{ Bindings: Bindings }>;
export type AppContext = Context<{ Bindings: Bindings }>;

/** What every route of the application may use. */
export interface AppServices {
  readonly authenticate: Authenticate;
  readonly audit: RecordAudit;
}

// Bodies of our own API are small; models' requests have a bound of their own.
const MOST_BODY_BYTES = 4 * 1024 * 1024;

/** The verified caller; `otherKey` is a key outside the headers. A session may change things only from the console's own pages. */
export function principalOf(c: AppContext, services: AppServices, otherKey?: string): Principal {
  const { incoming, context } = c.env;
  const principal = services.authenticate(incoming.headers, otherKey);
  context.principal = principal;
  if (principal.via === "session") assertSameOrigin(incoming);
  return principal;
}

/** Records what the caller did. */
export function auditOf(
  c: AppContext,
  services: AppServices,
  principal: Principal,
  action: string,
  target: string,
): void {
  services.audit({
    tenantId: principal.tenantId,
    actor: actorOf(principal),
    action,
    target,
    outcome: "ok",
    code: null,
    requestId: c.env.context.requestId,
  });
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

/** The body as checked JSON. */
export async function jsonBody<Schema extends z.ZodType>(c: AppContext, schema: Schema): Promise<z.output<Schema>> {
  return checked(schema, parseJson(c.env.context.body ?? (await readBody(c.env.incoming, MOST_BODY_BYTES))));
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

/** The application with the routes that `register` adds, as one handler of the server. */
export function createApp(log: Logger, register: (app: App) => void): Handler {
  const app: App = new Hono<{ Bindings: Bindings }>({ strict: false });
  app.use(async (c, next) => {
    await next();
    c.env.context.route = c.error || c.res.status !== 404 ? routePath(c, -1) : "unknown";
  });
  register(app);
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
