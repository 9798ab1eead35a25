import type { Config } from "#config/config.ts";
import type { App, AppServices } from "#http/app.ts";
import { registerAgents } from "#http/routes/api/v1/agents.ts";
import { registerRuns } from "#http/routes/api/v1/agents/runs.ts";
import { registerAuditRecords } from "#http/routes/api/v1/audit-records.ts";
import { registerAuditSinks } from "#http/routes/api/v1/audit-sinks.ts";
import { registerApiKeys } from "#http/routes/api/v1/api-keys.ts";
import { registerApiKey } from "#http/routes/api/v1/api-keys/key.ts";
import { registerMe } from "#http/routes/api/v1/me.ts";
import { registerProviderKeys } from "#http/routes/api/v1/provider-keys.ts";
import { registerLimits } from "#http/routes/api/v1/limits.ts";
import { registerOpenApi } from "#http/routes/api/v1/openapi.json.ts";
import { registerRoutes as registerRoutesApi } from "#http/routes/api/v1/routes.ts";
import type { Peers } from "#http/edge/peer.ts";
import { registerSignIn } from "#http/routes/api/v1/session/sign-in.ts";
import { registerSession } from "#http/routes/api/v1/session.ts";
import { registerThreads } from "#http/routes/api/v1/threads.ts";
import { registerTenants } from "#http/routes/api/v1/tenants.ts";
import { registerUsage } from "#http/routes/api/v1/usage.ts";
import { registerUsers } from "#http/routes/api/v1/users.ts";
import { registerConsole } from "#http/routes/console.ts";
import { registerResponses } from "#http/routes/v1/responses.ts";
import { registerModelMethods } from "#http/routes/v1/model-routes.ts";
import { registerModels } from "#http/routes/v1/models.ts";
import { registerGeminiModels } from "#http/routes/v1beta/models.ts";
import { DEFAULT_TENANT } from "./identity.ts";
import type { Rooms } from "./rooms.ts";

/** The routes that the roles of this server switch on. */
export function registerRoutes(
  app: App,
  config: Config,
  rooms: Rooms,
  { services, mock, peers }: { readonly services: AppServices; readonly mock: boolean; readonly peers: Peers },
): void {
  const { identity, router, agents, runner, changes, routes } = rooms;
  const { sessions, mint } = identity;
  registerOpenApi(app, config.release);
  registerSession(app, services, { sessions, peers, release: config.release, mock });
  registerSignIn(app, services, {
    signIn: identity.issuers?.signIn,
    principalOf: identity.signedIn,
    sessions,
    peers,
    publicOrigins: config.edge.publicOrigins,
    log: rooms.telemetry.log,
  });
  const keys = { apiKeys: rooms.store.apiKeys, changes, mint };
  registerApiKeys(app, services, keys);
  registerApiKey(app, services, keys);
  registerUsers(app, services, { users: rooms.store.users, changes });
  registerTenants(app, services, { tenants: rooms.store.tenants, directory: rooms.store.directory, changes, mint });
  registerMe(app);
  registerUsage(app, rooms.store.usageLedger);
  const { declared, followed, budgetsAreClosed } = rooms.limits;
  registerLimits(app, services, {
    limits: rooms.store.limits,
    changes,
    shared: () => followed.shared,
    version: () => declared.version,
    budgetsAreClosed,
  });
  const { store, envelopes, auditing } = rooms;
  registerAuditRecords(app, services, { store, envelopes, signer: auditing.signer });
  const { policy } = config.auditSinks.spool;
  registerAuditSinks(app, services, { deliveries: rooms.deliveries, policy, operatorTenant: DEFAULT_TENANT });
  if (config.roles.has("router")) {
    const offered = {
      models: () => router.models.list(),
      agents: (tenantId: string) => agents?.modelIds(tenantId) ?? [],
      routes: (tenantId: string) => router.routeNames(tenantId),
    };
    registerGeminiModels(app, offered);
    registerModels(app, offered);
    registerResponses(app, services, rooms.keptAnswers);
    registerRoutesApi(app, services, {
      routes: rooms.store.routes,
      changes,
      shared: () => routes.shared,
      providers: [...rooms.providers.keys()],
      compares: config.semanticCache !== undefined,
      version: () => router.routesVersion,
    });
    registerProviderKeys(app, services, {
      chest: rooms.chest,
      changes,
      providers: [...rooms.providers.values()].flatMap((provider) => (provider.withKey ? [provider.name] : [])),
    });
    registerModelMethods(app);
  }
  if (agents && runner) {
    registerAgents(app, services, { agents, stored: rooms.store.agents, changes });
    const { keepAlive, admit } = rooms;
    const { requestTimeoutMs } = config.http;
    registerRuns(app, services, { runner, admit, govern: rooms.limits.govern, requestTimeoutMs, mock, keepAlive });
  }
  if (config.roles.has("agents") || config.roles.has("memory")) registerThreads(app, rooms.conversations);
  if (config.roles.has("console")) registerConsole(app, config.http.consoleDir);
}
