import type { Config } from "#config/config.ts";
import { type App, createApp } from "#http/app.ts";
import type { ServingGate } from "#http/edge/gate.ts";
import { idempotentRoute } from "#http/edge/idempotency/routes.ts";
import { createOpenModel } from "#http/open-model.ts";
import { createHealth } from "#http/routes/health.ts";
import { createMetricsRoute } from "#http/routes/metrics.ts";
import { createReady } from "#http/routes/ready.ts";
import { createAnswerKeeping } from "#http/keeping.ts";
import { createModelRoutes } from "#http/routes/v1/model-routes.ts";
import type { RouteTable } from "#http/route-table.ts";
import { createHttpServer, type HttpServer } from "#http/server.ts";
import type { Siblings } from "#workers/seat.ts";
import type { Rooms } from "./rooms.ts";
import { composeEdge } from "./edge.ts";
import { registerRoutes } from "./routes.ts";

/** Routes that are not the server's own: tests plant wrong ones, to see that they are found. */
export type RoutesBeside = (app: App, rooms: Rooms) => void;

/** What the HTTP server is made of beside the rooms. */
export interface HttpParts {
  readonly mock: boolean;
  readonly siblings: Siblings | undefined;
  readonly beside: RoutesBeside | undefined;
  /** Takes every route up. */
  readonly table: RouteTable;
}

/** The one HTTP server: operational routes, hot routes, and the rest behind the idempotency guard. */
export function composeHttp(
  config: Config,
  rooms: Rooms,
  gate: ServingGate,
  { mock, siblings, beside, table }: HttpParts,
): HttpServer {
  const { telemetry, router, runner, identity } = rooms;
  const { log } = telemetry;
  const { maxBodyBytes, requestTimeoutMs } = config.http;
  const edge = composeEdge(config);
  const services = { authenticate: identity.authenticate, audit: rooms.audit };
  return createHttpServer({
    release: config.release,
    requestTimeoutMs,
    maxBodyBytes,
    operational: {
      health: createHealth(),
      ready: createReady([
        { name: "serving", check: gate.assertServing },
        { name: "database", check: () => rooms.store.ready(2000) },
        { name: "keys", check: () => identity.snapshot.assertLoaded() },
      ]),
      metrics: createMetricsRoute(telemetry.metrics, siblings && ((own) => siblings.count(own))),
    },
    gate: gate.refusal,
    doorkeeper: edge.doorkeeper,
    clientAddress: edge.peers.clientAddress,
    prepare: identity.prepare,
    hot: config.roles.has("router")
      ? createModelRoutes({
          authenticate: identity.authenticate,
          idempotency: rooms.idempotency,
          admit: rooms.admit,
          openModel: createOpenModel({ router, runner, mock, answers: rooms.answers, govern: rooms.limits.govern }),
          govern: rooms.limits.govern,
          router,
          audit: rooms.audit,
          auditLevel: rooms.auditing.levels.levelOf,
          log,
          maxBodyBytes,
          table,
          requestTimeoutMs,
          keeping: createAnswerKeeping({ kept: rooms.keptAnswers, log }),
          keepAlive: rooms.keepAlive,
        })
      : new Map(),
    rest: rooms.idempotency.guard(
      createApp({ log, services, table }, (app) => {
        registerRoutes(app, config, rooms, { services, mock, peers: edge.peers });
        beside?.(app, rooms);
      }),
      idempotentRoute,
    ),
    log,
    accessLog: telemetry.accessLog,
    metrics: telemetry.metrics,
  });
}
