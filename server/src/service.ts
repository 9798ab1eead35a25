import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import { createRegistry, type Registry } from "#agents/registry/registry.ts";
import { type AgentRunner, createAgentRunner } from "#agents/run/runner.ts";
import { createRecordAudit } from "#audit/audit.ts";
import type { Config } from "#config/config.ts";
import { type App, type AppServices, createApp } from "#http/app.ts";
import { createAdmit } from "#http/edge/admission.ts";
import { createOpenModel } from "#http/open-model.ts";
import { registerAgents } from "#http/routes/api/v1/agents.ts";
import { registerRuns } from "#http/routes/api/v1/agents/runs.ts";
import { registerApiKeys } from "#http/routes/api/v1/api-keys.ts";
import { registerOpenApi } from "#http/routes/api/v1/openapi.json.ts";
import { registerSession } from "#http/routes/api/v1/session.ts";
import { registerThreads } from "#http/routes/api/v1/threads.ts";
import { registerConsole } from "#http/routes/console.ts";
import { createHealth } from "#http/routes/health.ts";
import { createMetricsRoute } from "#http/routes/metrics.ts";
import { createReady } from "#http/routes/ready.ts";
import { createChatCompletions } from "#http/routes/v1/chat/completions.ts";
import { registerModels } from "#http/routes/v1/models.ts";
import { createHttpServer, type HttpServer } from "#http/server.ts";
import { createAuthenticate } from "#identity/authenticate.ts";
import { createKeySnapshot, type EnvironmentKey } from "#identity/key-snapshot.ts";
import { createSessions } from "#identity/sessions.ts";
import { hashApiKey, mintApiKey, prefixOf } from "#keys/api-key.ts";
import { createEnvelopes } from "#keys/envelope.ts";
import { loadMasterKey, type MasterKey } from "#keys/master-key.ts";
import { createSealer } from "#keys/seal.ts";
import { createLimiter } from "#limits/limiter.ts";
import { createConversations } from "#memory/conversations.ts";
import { createProviders } from "#providers/registry.ts";
import { openaiChat } from "#router/dialects/openai-chat/dialect.ts";
import { createRouter } from "#router/router.ts";
import type { DatabaseConnection } from "#store/connection.ts";
import type { AuditRecord } from "#store/audit-records.ts";
import { createStore } from "#store/create-store.ts";
import type { UsageEntry } from "#store/usage-ledger.ts";
import { createAccessLog } from "#telemetry/access-log.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import { createRecordQueue } from "#telemetry/record-queue.ts";

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
  /** Refuses new work and waits for what runs, within the drain time; true when all of it ended by itself. */
  drain(): Promise<boolean>;
  /** Writes what waits to be written and lets go of everything. */
  close(): Promise<void>;
}

type Rooms = Awaited<ReturnType<typeof composeRooms>>;

function composeTelemetry(config: Config, log: Logger) {
  const metrics = createMetrics();
  return { log, metrics, accessLog: createAccessLog({ enabled: config.log.access, release: config.release }) };
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

function composeIdentity(config: Config, master: MasterKey, store: ReturnType<typeof createStore>, log: Logger) {
  const hashKey = (key: string): Uint8Array => hashApiKey(master.apiKeyPepper, key);
  const { apiKey } = config.keys;
  const environmentKey: EnvironmentKey | undefined =
    apiKey === undefined
      ? undefined
      : { tenantId: DEFAULT_TENANT, keyId: "env", name: "API_KEY", hash: hashKey(apiKey) };
  const snapshot = createKeySnapshot({
    directory: store.directory,
    environmentKey,
    pollMs: 1000,
    onFailure: (error) =>
      log.warn({ error: describeError(error) }, "the keys could not be read again; the last known ones stay in force"),
  });
  const sessions = createSessions({ keys: snapshot, sealer: createSealer(master.cookieSealing, "session") });
  const authenticate = createAuthenticate({ keys: snapshot, sessions, hashKey });
  const mint = () => {
    const key = mintApiKey();
    return { key, prefix: prefixOf(key), hash: hashKey(key) };
  };
  return { snapshot, sessions, authenticate, mint };
}

async function composeRooms(config: Config, connection: DatabaseConnection, log: Logger) {
  const telemetry = composeTelemetry(config, log);
  const { metrics } = telemetry;
  const master = await loadKeys(config, log);
  const store = createStore({
    connection,
    limits: { size: config.database.poolSize },
    onConnectionError: (error) => log.warn({ error: describeError(error) }, "a database connection broke"),
  });
  const identity = composeIdentity(config, master, store, log);
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
  const router = createRouter({ providers, ledger, metrics });
  const envelopes = createEnvelopes(master, store.subjects);
  const conversations = createConversations({ store, envelopes });
  const hasAgents = config.roles.has("agents");
  const registry = hasAgents ? await createRegistry({ ...config.agents, log }) : undefined;
  const runner = registry && createRunner(config, { registry, conversations, store, envelopes, router, telemetry });
  const limiter = createLimiter(config.limits);
  const admit = createAdmit({ limiter, queues: [ledger, auditQueue], metrics });
  const queues = [ledger, auditQueue];
  return { telemetry, store, identity, audit, queues, providers, router, conversations, registry, runner, admit };
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
    models: { stream: (request, origin, sink) => router.call(router.resolve(request.model), request, origin, sink) },
    defaultModel: config.defaultModel,
    log: telemetry.log,
    onEnd: ({ run }) => telemetry.metrics.agentRuns.inc({ status: run.status }),
  });
}

function registerRoutes(app: App, config: Config, rooms: Rooms, mock: boolean): void {
  const { identity, router, registry, runner } = rooms;
  const services: AppServices = { authenticate: identity.authenticate, audit: rooms.audit };
  const { sessions, snapshot, mint } = identity;
  registerOpenApi(app, config.release);
  registerSession(app, services, { sessions, release: config.release, mock });
  registerApiKeys(app, services, { apiKeys: rooms.store.apiKeys, snapshot, mint });
  if (config.roles.has("router")) {
    registerModels(app, services, { models: () => router.models.list(), agents: () => registry?.list() ?? [] });
    app.all("/v1/chat/completions", () => {
      throw new SlipwayError("method_not_allowed", "This path takes POST.", { hint: "POST a chat request as JSON." });
    });
  }
  if (registry && runner) {
    registerAgents(app, services, registry);
    registerRuns(app, services, { runner, admit: rooms.admit, requestTimeoutMs: config.http.requestTimeoutMs, mock });
  }
  if (config.roles.has("agents") || config.roles.has("memory")) registerThreads(app, services, rooms.conversations);
  if (config.roles.has("console")) registerConsole(app, config.http.consoleDir);
}

/** Whether the server takes work, and why not. */
class Gate {
  #open = false;
  #draining = false;

  readonly refusal = (): SlipwayError | undefined =>
    this.#open
      ? undefined
      : new SlipwayError("database_unavailable", "The server is starting and does not reach its database yet.", {
          hint: "GET /ready says what it waits for.",
          retryAfter: 1,
        });

  open(): void {
    this.#open = true;
  }

  drain(): void {
    this.#draining = true;
  }

  readonly assertServing = (): Promise<void> => {
    if (this.#draining) return Promise.reject(new Error("draining"));
    return this.#open ? Promise.resolve() : Promise.reject(new Error("starting"));
  };
}

function composeHttp(config: Config, rooms: Rooms, gate: Gate, mock: boolean): HttpServer {
  const { telemetry, router, runner, identity } = rooms;
  const { log } = telemetry;
  const { maxBodyBytes, requestTimeoutMs } = config.http;
  return createHttpServer({
    release: config.release,
    requestTimeoutMs,
    operational: {
      health: createHealth(),
      ready: createReady([
        { name: "serving", check: gate.assertServing },
        { name: "database", check: () => rooms.store.ready(2000) },
        { name: "keys", check: () => identity.snapshot.assertLoaded() },
      ]),
      metrics: createMetricsRoute(telemetry.metrics),
    },
    gate: gate.refusal,
    chatCompletions: config.roles.has("router")
      ? createChatCompletions({
          dialect: openaiChat,
          authenticate: identity.authenticate,
          admit: rooms.admit,
          openModel: createOpenModel({ router, runner, mock }),
          audit: rooms.audit,
          log,
          maxBodyBytes,
          requestTimeoutMs,
        })
      : undefined,
    rest: createApp(log, (app) => registerRoutes(app, config, rooms, mock)),
    log,
    accessLog: telemetry.accessLog,
    metrics: telemetry.metrics,
  });
}

/** Tells what a person who starts this server should know. */
function announce(config: Config, mock: boolean, log: Logger): void {
  if (mock) {
    const because = config.mockByDefault ? "no provider key is set" : "TEST_MODE is true";
    log.warn({ because }, "answers come from the mock model, not from a real one");
  }
  if (config.withoutEffect.length > 0) {
    log.warn(
      { variables: config.withoutEffect },
      "these variables are set and understood, but have no effect in this version",
    );
  }
}

/** The keys and the default tenant, as soon as the database is there; a database that is away is waited for. */
async function readState(rooms: Rooms, isClosed: () => boolean): Promise<void> {
  const { log } = rooms.telemetry;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await rooms.store.tenants.ensure(DEFAULT_TENANT, "Default");
      await rooms.identity.snapshot.refresh();
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
export async function composeService(config: Config, connection: DatabaseConnection, log: Logger): Promise<Service> {
  const rooms = await composeRooms(config, connection, log);
  const providers = [...rooms.providers.values()];
  const mock = providers.length > 0 && providers.every((provider) => provider.mock);
  const gate = new Gate();
  const http = composeHttp(config, rooms, gate, mock);
  let closed = false;
  return {
    mock,
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
    drain() {
      gate.drain();
      return http.drain(config.http.drainTimeoutMs);
    },
    async close() {
      closed = true;
      await http.drain(0);
      rooms.identity.snapshot.close();
      await rooms.registry?.close();
      await rooms.runner?.close(5000);
      await Promise.all(rooms.queues.map((queue) => queue.close(5000)));
      await rooms.router.close();
      await rooms.store.close();
      rooms.telemetry.accessLog.flush();
      log.flush();
    },
  };
}
