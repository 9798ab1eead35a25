import type { Config } from "#config/config.ts";
import { followRoutes } from "#config/follow-routes.ts";
import type { OpenSecrets } from "#config/secrets.ts";
import type { Envelopes } from "#keys/envelope.ts";
import type { MasterKey } from "#keys/master-key.ts";
import { createProviders } from "#providers/registry.ts";
import { createAnswerCache } from "#router/cache/answer-cache.ts";
import { createKeyChest } from "#router/own-keys/key-chest.ts";
import { createOwnKeys } from "#router/own-keys/own-keys.ts";
import { createRouter } from "#router/router.ts";
import type { createStore } from "#store/create-store.ts";
import { createRedisCache } from "#store/redis/shared-cache.ts";
import type { UsageEntry } from "#store/usage-ledger.ts";
import type { RecordQueue } from "#telemetry/record-queue.ts";
import type { composeAudit } from "./audit.ts";
import { composePrices } from "./prices.ts";
import { composeSemanticCache } from "./semantic-cache.ts";
import { followSecrets } from "./secrets.ts";
import type { composeTelemetry } from "./telemetry.ts";

/** The providers with their prices and keys, the routes to them, and the answers that are kept of them. */
export async function composeModels(
  config: Config,
  rooms: {
    readonly telemetry: ReturnType<typeof composeTelemetry>;
    readonly master: MasterKey;
    readonly store: ReturnType<typeof createStore>;
    readonly envelopes: Envelopes;
    readonly auditing: Awaited<ReturnType<typeof composeAudit>>;
    readonly ledger: RecordQueue<UsageEntry>;
    readonly secrets: OpenSecrets | undefined;
  },
) {
  const { master, store, envelopes, ledger, secrets } = rooms;
  const { log, metrics } = rooms.telemetry;
  const providers = createProviders(config.providers);
  followSecrets(secrets, providers, metrics, log);
  const prices = await composePrices(config, providers.values());
  const books = { ledger, metrics, prices };
  const chest = createKeyChest(store.providerKeys, envelopes);
  const ownKeys = createOwnKeys({ directory: store.directory, openKey: chest.open });
  const router = createRouter({ providers, ...books, log, ownKeys, drains: config.disconnects });
  const audit = rooms.auditing.levels;
  const compares = config.semanticCache !== undefined;
  const routes = followRoutes({ router, directory: store.directory, audit, providers, compares });
  const shared =
    config.redis &&
    createRedisCache({ url: config.redis.url, log, metrics, limits: { deadlineMs: config.redis.deadlineMs } });
  const { maxBytes } = config.answerCache;
  const pepper = master.fingerprinting;
  const semantic = composeSemanticCache(config, { router, prices, metrics, pepper, log });
  const answers =
    maxBytes > 0 ? createAnswerCache({ maxBytes, shared, envelopes, books, pepper, log, semantic }) : undefined;
  return { providers, prices, chest, ownKeys, router, routes, shared, answers };
}
