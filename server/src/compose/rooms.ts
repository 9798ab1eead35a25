import { createRegistry } from "#agents/registry/registry.ts";
import { createRecordAudit } from "#audit/audit.ts";
import type { Config } from "#config/config.ts";
import { followRoutes } from "#config/follow-routes.ts";
import { createEgress } from "#egress/egress.ts";
import { createAdmit } from "#http/edge/admission.ts";
import { createKeepAlive } from "#http/edge/keep-alive.ts";
import { createEnvelopes } from "#keys/envelope.ts";
import { openLimiter } from "#limits/open-limiter.ts";
import { createConversations } from "#memory/conversations.ts";
import { createKeptAnswers } from "#memory/kept-answers.ts";
import { createProviders } from "#providers/registry.ts";
import { createAnswerCache } from "#router/cache/answer-cache.ts";
import { createKeyChest } from "#router/own-keys/key-chest.ts";
import { createOwnKeys } from "#router/own-keys/own-keys.ts";
import { createRouter } from "#router/router.ts";
import type { DatabaseConnection } from "#store/connection.ts";
import type { AuditRecord } from "#store/audit-records.ts";
import type { OpenSecrets } from "#config/secrets.ts";
import { createStore } from "#store/create-store.ts";
import { createRedisCache } from "#store/redis/shared-cache.ts";
import { createStoreFeed } from "#store/store-feed.ts";
import type { UsageEntry } from "#store/usage-ledger.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import { createRecordQueue } from "#telemetry/record-queue.ts";
import type { Siblings } from "#workers/seat.ts";
import { loadKeys, composeIdentity } from "./identity.ts";
import { composeTelemetry } from "./telemetry.ts";
import { composePrices } from "./prices.ts";
import { composeIdempotency } from "./idempotency.ts";
import { followSecrets } from "./secrets.ts";
import { createRunner } from "./runner.ts";

/** Everything the server is made of, put together and not yet started. */
export type Rooms = Awaited<ReturnType<typeof composeRooms>>;

/** Builds every room from the settings, lowest first. Opens no port and waits for no database; rejects when the key file or `slipway.yaml` is wrong. */
export async function composeRooms(
  config: Config,
  connection: DatabaseConnection,
  log: Logger,
  siblings?: Siblings,
  secrets?: OpenSecrets,
) {
  const telemetry = composeTelemetry(config, log, siblings);
  const { metrics } = telemetry;
  const egress = createEgress({ allow: config.egress.allow, metrics });
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
  followSecrets(secrets, providers, metrics, log);
  const prices = await composePrices(config, providers.values());
  const books = { ledger, metrics, prices };
  const envelopes = createEnvelopes(master, store.subjects);
  const chest = createKeyChest(store.providerKeys, envelopes);
  const ownKeys = createOwnKeys({ directory: store.directory, openKey: chest.open });
  const router = createRouter({ providers, ...books, log, ownKeys, drains: config.disconnects });
  const routes = await followRoutes({ file: config.file, router, directory: store.directory, providers, log });
  const changes = createStoreFeed(store, [identity.snapshot, routes, ownKeys], log);
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
  const served = {
    ...followed,
    chest,
    providers,
    router,
    answers,
    conversations,
    keptAnswers,
    registry,
    runner,
    admit,
  };
  return { telemetry, egress, store, shared, identity, audit, queues, idempotency, ...served };
}
