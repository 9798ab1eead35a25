import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { toSlipwayError } from "@slipway/contracts/errors.ts";
import { createRegistry, type Registry } from "#agents/registry/registry.ts";
import { type AgentRunner, createAgentRunner } from "#agents/run/runner.ts";
import { createRecordAudit } from "#audit/audit.ts";
import { announce } from "#config/announce.ts";
import type { Config } from "#config/config.ts";
import { followRoutes } from "#config/follow-routes.ts";
import { type App, type AppServices, createApp } from "#http/app.ts";
import { createAdmit } from "#http/edge/admission.ts";
import { createKeepAlive } from "#http/edge/keep-alive.ts";
import { ServingGate } from "#http/edge/gate.ts";
import { createIdempotency, type Idempotency } from "#http/edge/idempotency/idempotency.ts";
import { idempotentRoute } from "#http/edge/idempotency/routes.ts";
import { createOpenModel } from "#http/open-model.ts";
import { registerAgents } from "#http/routes/api/v1/agents.ts";
import { registerRuns } from "#http/routes/api/v1/agents/runs.ts";
import { registerApiKeys } from "#http/routes/api/v1/api-keys.ts";
import { registerOpenApi } from "#http/routes/api/v1/openapi.json.ts";
import { registerRoutes as registerRoutesApi } from "#http/routes/api/v1/routes.ts";
import { registerSession } from "#http/routes/api/v1/session.ts";
import { registerThreads } from "#http/routes/api/v1/threads.ts";
import { registerUsage } from "#http/routes/api/v1/usage.ts";
import { registerConsole } from "#http/routes/console.ts";
import { createHealth } from "#http/routes/health.ts";
import { createMetricsRoute } from "#http/routes/metrics.ts";
import { createReady } from "#http/routes/ready.ts";
import { createAnswerKeeping } from "#http/keeping.ts";
import { registerResponses } from "#http/routes/v1/responses.ts";
import { createModelRoutes, registerModelMethods } from "#http/routes/v1/model-routes.ts";
import { registerModels } from "#http/routes/v1/models.ts";
import { registerGeminiModels } from "#http/routes/v1beta/models.ts";
import { createHttpServer, type HttpServer } from "#http/server.ts";
import { createAuthenticate } from "#identity/authenticate.ts";
import { createKeySnapshot, type EnvironmentKey } from "#identity/key-snapshot.ts";
import { createSessions } from "#identity/sessions.ts";
import { apiKeyDigest, hashApiKey, mintApiKey, prefixOf } from "#keys/api-key.ts";
import { createEnvelopes } from "#keys/envelope.ts";
import { loadMasterKey, type MasterKey } from "#keys/master-key.ts";
import { createSealer } from "#keys/seal.ts";
import { openLimiter } from "#limits/open-limiter.ts";
import { createConversations } from "#memory/conversations.ts";
import { createKeptAnswers } from "#memory/kept-answers.ts";
import type { Provider } from "#providers/provider.ts";
import { createProviders } from "#providers/registry.ts";
import { createAnswerCache } from "#router/cache/answer-cache.ts";
import { createPriceTable, NO_CATALOGUE, type PriceTable } from "#router/price/price-table.ts";
import { createRouter } from "#router/router.ts";
import type { DatabaseConnection } from "#store/connection.ts";
import type { AuditRecord } from "#store/audit-records.ts";
import { createStore } from "#store/create-store.ts";
import { createRedisCache } from "#store/redis/shared-cache.ts";
import { createStoreFeed } from "#store/store-feed.ts";
import type { UsageEntry } from "#store/usage-ledger.ts";
import { createAccessLog } from "#telemetry/access-log.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import { createRecordQueue } from "#telemetry/record-queue.ts";
import type { Siblings } from "#workers/seat.ts";

/** The tenant of a server that nobody has divided yet, and of the key that the environment gives. */
const DEFAULT_TENANT = "default";

/** A composed server. */
export interface Service {
  /** True when the mock answers for every model. */
  readonly mock: boolean;
  /** Takes connections: `/health` answers from here on, everything else says 503 until `begin` has resolved. */
  listen(): Promise<string>;
  /** Resolves when the database is there and right and the keys are read. Waits for a database that is away; rejects when it is unsafe. */
  begin(): Promise<void>;
  /** Requests that are being served. */
  readonly running: number;
  /** Refuses new work and waits for what runs, within the drain time; true when all of it ended by itself. */
  drain(): Promise<boolean>;
  /** Writes what waits to be written and lets go of everything. */
  close(): Promise<void>;
}

type Rooms = Awaited<ReturnType<typeof composeRooms>>;

function composeTelemetry(config: Config, log: Logger, siblings: Siblings | undefined) {
  const metrics = createMetrics();
  siblings?.tellCounts(() => metrics.registry.exposition());
  const { release } = config;
  const accessLog = createAccessLog({ enabled: config.log.access, release, worker: siblings?.seat.worker });
  return { log, metrics, accessLog };
}

async function loadKeys(config: Config, log: Logger): Promise<MasterKey> {
  const master = await loadMasterKey({
    encryptionKey: config.keys.encryptionKey,
    keyFile: join(config.home, "keys", "master.key"),
  });
  if (master.created) {
    log.warn(
      { home: config.home },
      "made a new encryption key; whoever loses it loses the data: back up the folder, or set ENCRYPTION_KEY",
    );
  }
  return master;
}

function composeIdentity(config: Config, master: MasterKey, store: ReturnType<typeof createStore>) {
  const hashKey = (key: string): Uint8Array => hashApiKey(master.apiKeyPepper, key);
  const { apiKey } = config.keys;
  const environmentKey: EnvironmentKey | undefined =
    apiKey === undefined
      ? undefined
      : { tenantId: DEFAULT_TENANT, keyId: "env", name: "API_KEY", hash: hashKey(apiKey) };
  const snapshot = createKeySnapshot({ directory: store.directory, environmentKey });
  const sessions = createSessions({ keys: snapshot, sealer: createSealer(master.cookieSealing, "session") });
  const authenticate = createAuthenticate({
    keys: snapshot,
    sessions,
    hashKey: (key) => apiKeyDigest(master.apiKeyPepper, key),
  });
  const mint = () => {
    const key = mintApiKey();
    return { key, prefix: prefixOf(key), hash: hashKey(key) };
  };
  return { snapshot, sessions, authenticate, mint };
}

/** The prices of the configured providers. The catalogue is loaded when somebody costs something. */
async function composePrices(config: Config, providers: Iterable<Provider>): Promise<PriceTable> {
  const { openai, anthropic, google, openaiCompatible } = config.providers;
  const settings = { openai, anthropic, google, "openai-compatible": openaiCompatible };
  const baseUrls = new Map(Object.entries(settings).map(([name, provider]) => [name, provider?.baseUrl]));
  const priced = [...providers].map(({ name, mock }) => ({ name, mock, baseUrl: baseUrls.get(name) }));
  const catalogue = priced.every(({ mock }) => mock)
    ? NO_CATALOGUE
    : (await import("#router/price/catalogue.ts")).catalogue;
  return createPriceTable({ catalogue, overrides: config.prices, providers: priced });
}

async function composeRooms(config: Config, connection: DatabaseConnection, log: Logger, siblings?: Siblings) {
  const telemetry = composeTelemetry(config, log, siblings);
  const { metrics } = telemetry;
  const master = await loadKeys(config, log);
  const store = createStore({
    connection,
    limits: { size: config.database.poolSize },
    onConnectionError: (error) => log.warn({ error: describeError(error) }, "a database connection broke"),
  });
  const identity = composeIdentity(config, master, store);
  const ledger = createRecordQueue<UsageEntry>({
    queue: "usage",
    write: (items) => store.usageLedger.append(items),
    log,
    metrics,
  });
  const auditQueue = createRecordQueue<AuditRecord>({
    queue: "audit",
    write: (items) => store.auditRecords.append(items),
    log,
    metrics,
  });
  const audit = createRecordAudit(auditQueue, config.release);
  const providers = createProviders(config.providers);
  const prices = await composePrices(config, providers.values());
  const books = { ledger, metrics, prices };
  const router = createRouter({ providers, ...books, log, drains: config.disconnects });
  const routes = await followRoutes({ file: config.file, router, directory: store.directory, providers, log });
  const changes = createStoreFeed(store, [identity.snapshot, routes], log);
  const envelopes = createEnvelopes(master, store.subjects);
  const shared =
    config.redis &&
    createRedisCache({ url: config.redis.url, log, metrics, limits: { deadlineMs: config.redis.deadlineMs } });
  const idempotency = composeIdempotency(config, { master, store, identity, envelopes, audit, telemetry });
  const { maxBytes } = config.answerCache;
  const pepper = master.fingerprinting;
  const answers = maxBytes > 0 ? createAnswerCache({ maxBytes, shared, envelopes, books, pepper, log }) : undefined;
  const conversations = createConversations({ store, envelopes });
  const keptAnswers = createKeptAnswers({ store: store.keptAnswers, envelopes, ...config.keptAnswers });
  const hasAgents = config.roles.has("agents");
  const registry = hasAgents ? await createRegistry({ ...config.agents, log }) : undefined;
  const runner = registry && createRunner(config, { registry, conversations, store, envelopes, router, telemetry });
  const limiter = await openLimiter(config.limits, siblings?.limits);
  const admit = createAdmit({ limiter, queues: [ledger, auditQueue], metrics });
  const queues = [ledger, auditQueue];
  const followed = { routes, changes, keepAlive: createKeepAlive(config.http.keepAliveMs) };
  const served = { ...followed, providers, router, answers, conversations, keptAnswers, registry, runner, admit };
  return { telemetry, store, shared, identity, audit, queues, idempotency, ...served };
}

function composeIdempotency(
  config: Config,
  rooms: {
    readonly master: MasterKey;
    readonly store: ReturnType<typeof createStore>;
    readonly identity: ReturnType<typeof composeIdentity>;
    readonly envelopes: ReturnType<typeof createEnvelopes>;
    readonly audit: ReturnType<typeof createRecordAudit>;
    readonly telemetry: ReturnType<typeof composeTelemetry>;
  },
): Idempotency {
  const { master, store, identity, envelopes, audit, telemetry } = rooms;
  return createIdempotency({
    records: store.idempotency,
    authenticate: identity.authenticate,
    envelopes,
    pepper: master.fingerprinting,
    audit,
    log: telemetry.log,
    metrics: telemetry.metrics,
    maxBodyBytes: config.http.maxBodyBytes,
    leaseMs: config.idempotency.leaseMs,
    tenants: async () => [DEFAULT_TENANT, ...(await store.directory.activeKeys()).map(({ tenantId }) => tenantId)],
  });
}

function createRunner(
  config: Config,
  rooms: {
    readonly registry: Registry;
    readonly conversations: ReturnType<typeof createConversations>;
    readonly store: ReturnType<typeof createStore>;
    readonly envelopes: ReturnType<typeof createEnvelopes>;
    readonly router: ReturnType<typeof createRouter>;
    readonly telemetry: ReturnType<typeof composeTelemetry>;
  },
): AgentRunner {
  const { registry, conversations, store, envelopes, router, telemetry } = rooms;
  return createAgentRunner({
    registry,
    conversations,
    runs: store.runs,
    envelopes,
    models: {
      stream: (request, origin, sink) =>
        router.call(router.resolve(request.model, origin.tenantId), request, origin, sink),
    },
    defaultModel: config.defaultModel,
    log: telemetry.log,
    onEnd: ({ run }) => telemetry.metrics.agentRuns.inc({ status: run.status }),
  });
}

function registerRoutes(app: App, config: Config, rooms: Rooms, mock: boolean): void {
  const { identity, router, registry, runner, changes, routes } = rooms;
  const services: AppServices = { authenticate: identity.authenticate, audit: rooms.audit };
  const { sessions, mint } = identity;
  registerOpenApi(app, config.release);
  registerSession(app, services, { sessions, release: config.release, mock });
  registerApiKeys(app, services, { apiKeys: rooms.store.apiKeys, changes, mint });
  registerUsage(app, services, rooms.store.usageLedger);
  if (config.roles.has("router")) {
    const offered = {
      models: () => router.models.list(),
      agents: () => registry?.list() ?? [],
      routes: (tenantId: string) => router.routeNames(tenantId),
    };
    registerGeminiModels(app, services, offered);
    registerModels(app, services, offered);
    registerResponses(app, services, rooms.keptAnswers);
    registerRoutesApi(app, services, {
      routes: rooms.store.routes,
      changes,
      shared: () => routes.shared,
      providers: [...rooms.providers.keys()],
      version: () => router.routesVersion,
    });
    registerModelMethods(app);
  }
  if (registry && runner) {
    registerAgents(app, services, registry);
    const { keepAlive, admit } = rooms;
    registerRuns(app, services, { runner, admit, requestTimeoutMs: config.http.requestTimeoutMs, mock, keepAlive });
  }
  if (config.roles.has("agents") || config.roles.has("memory")) registerThreads(app, services, rooms.conversations);
  if (config.roles.has("console")) registerConsole(app, config.http.consoleDir);
}

function composeHttp(config: Config, rooms: Rooms, gate: ServingGate, mock: boolean, siblings?: Siblings): HttpServer {
  const { telemetry, router, runner, identity } = rooms;
  const { log } = telemetry;
  const { maxBodyBytes, requestTimeoutMs } = config.http;
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
    hot: config.roles.has("router")
      ? createModelRoutes({
          authenticate: identity.authenticate,
          idempotency: rooms.idempotency,
          admit: rooms.admit,
          openModel: createOpenModel({ router, runner, mock, answers: rooms.answers }),
          router,
          audit: rooms.audit,
          log,
          maxBodyBytes,
          requestTimeoutMs,
          keeping: createAnswerKeeping({ kept: rooms.keptAnswers, log }),
          keepAlive: rooms.keepAlive,
        })
      : new Map(),
    rest: rooms.idempotency.guard(
      createApp(log, (app) => registerRoutes(app, config, rooms, mock)),
      idempotentRoute,
    ),
    log,
    accessLog: telemetry.accessLog,
    metrics: telemetry.metrics,
  });
}

/** The keys and the default tenant, as soon as the database is there; a database that is away is waited for. */
async function readState(rooms: Rooms, isClosed: () => boolean): Promise<void> {
  const { log } = rooms.telemetry;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await rooms.store.tenants.ensure(DEFAULT_TENANT, "Default");
      await rooms.changes.refresh();
      return;
    } catch (thrown) {
      const error = toSlipwayError(thrown);
      if (error.code !== "database_unavailable" || isClosed()) throw thrown;
      if (attempt % 20 === 1)
        log.warn({ attempt, reason: error.message, hint: error.hint }, "waiting for the database");
      await sleep(Math.min(250 * attempt, 2000));
    }
  }
}

/** Puts the rooms together: the only function that knows all of them. Opens no port and waits for no database. */
export async function composeService(
  config: Config,
  connection: DatabaseConnection,
  log: Logger,
  siblings?: Siblings,
): Promise<Service> {
  const rooms = await composeRooms(config, connection, log, siblings);
  const providers = [...rooms.providers.values()];
  const mock = providers.length > 0 && providers.every((provider) => provider.mock);
  const gate = new ServingGate();
  const http = composeHttp(config, rooms, gate, mock, siblings);
  let closed = false;
  return {
    mock,
    get running() {
      return http.running;
    },
    async listen() {
      const { host } = config.http;
      const port = await http.listen(host, config.http.port);
      announce(config, mock, log);
      return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
    },
    async begin() {
      await readState(rooms, () => closed);
      gate.open();
    },
    async drain() {
      gate.drain();
      const until = performance.now() + config.http.drainTimeoutMs;
      const whole = await http.drain(config.http.drainTimeoutMs);
      // Answers that are read on without a client have what is left of the time.
      await rooms.router.settle(Math.max(0, until - performance.now()));
      return whole;
    },
    async close() {
      closed = true;
      await http.drain(0);
      await rooms.idempotency.close(5000);
      rooms.changes.close();
      rooms.routes.close();
      await rooms.registry?.close();
      await rooms.runner?.close(5000);
      await rooms.router.settle(0);
      await Promise.all(rooms.queues.map((queue) => queue.close(5000)));
      await rooms.router.close();
      rooms.shared?.close();
      await rooms.store.close();
      rooms.telemetry.accessLog.flush();
      log.flush();
    },
  };
}
