import type { Config } from "#config/config.ts";
import { followFile } from "#config/follow-file.ts";
import { issuerSections } from "#config/issuers.ts";
import { createEgress } from "#egress/egress.ts";
import { createAdmit } from "#http/edge/admission.ts";
import { createKeepAlive } from "#http/edge/keep-alive.ts";
import { createEnvelopes } from "#keys/envelope.ts";
import { openLimiter } from "#limits/open-limiter.ts";
import { createConversations } from "#memory/conversations.ts";
import { createKeptAnswers } from "#memory/kept-answers.ts";
import type { DatabaseConnection } from "#store/connection.ts";
import type { OpenSecrets } from "#config/secrets.ts";
import { createStore } from "#store/create-store.ts";
import { createStoreFeed } from "#store/store-feed.ts";
import type { RecordLine } from "#store/record-line.ts";
import type { UsageEntry } from "#store/usage-ledger.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import { createRecordQueue } from "#telemetry/record-queue.ts";
import type { Siblings } from "#workers/seat.ts";
import { composeAgents } from "./agents.ts";
import { loadKeys, composeIdentity } from "./identity.ts";
import { composeModels } from "./models.ts";
import { composeLimits } from "./limits.ts";
import { composeAudit } from "./audit.ts";
import { composeAuditSinks } from "./audit-sinks.ts";
import { composeTelemetry } from "./telemetry.ts";
import { composeIdempotency } from "./idempotency.ts";
import { createRunner } from "./runner.ts";

/** Everything the server is made of, put together and not yet started. */
export type Rooms = Awaited<ReturnType<typeof composeRooms>>;

/** Builds every room from the settings, lowest first. Opens no port and waits for no database; rejects when the key file or `slipway.yaml` is wrong. */
export async function composeRooms(
  config: Config,
  connection: DatabaseConnection,
  log: Logger,
  siblings?: Siblings,
  given?: OpenSecrets,
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
  const identity = await composeIdentity(config, {
    master,
    egress,
    store,
    telemetry,
    refresh: () => changes.refresh(),
    secrets: given,
  });
  const { secrets } = identity;
  const ledger = createRecordQueue<UsageEntry, RecordLine>({
    queue: "usage",
    line: store.usageLedger.line,
    write: (lines) => store.usageLedger.write(lines),
    log,
    metrics,
  });
  const envelopes = createEnvelopes(master, store.subjects);
  const deliveries = await composeAuditSinks(config, { store, egress, telemetry });
  const auditing = await composeAudit(config, { master, store, envelopes, telemetry, deliveries });
  const audit = auditing.record;
  const models = await composeModels(config, { telemetry, master, store, envelopes, auditing, ledger, secrets });
  const { prices, router, routes } = models;
  const limits = composeLimits(config, { store, prices, log, metrics });
  const sections = [routes, limits.followed, issuerSections(config.identity)];
  const file = await followFile({ file: config.file, sections, log });
  const { registry, agents } = await composeAgents(config, store, log);
  const followers = [identity.snapshot, identity.sessions, routes, models.ownKeys, limits.followed];
  const changes = createStoreFeed(store, agents ? [...followers, agents] : followers, log);
  const idempotency = composeIdempotency(config, { master, store, identity, envelopes, audit, telemetry });
  const conversations = createConversations({ store, envelopes });
  const keptAnswers = createKeptAnswers({ store: store.keptAnswers, envelopes, ...config.keptAnswers });
  const runner =
    agents && createRunner(config, { agents, conversations, store, envelopes, router, prices, limits, telemetry });
  const limiter = await openLimiter(config.limits, siblings?.limits);
  const admit = createAdmit({ limiter, queues: [ledger, auditing.queue], metrics });
  const queues = [ledger, auditing.queue];
  const followed = { file, limits, changes, keepAlive: createKeepAlive(config.http.keepAliveMs) };
  const served = { ...models, ...followed, conversations, keptAnswers, registry, agents, runner, admit };
  const audits = { audit, auditing, deliveries };
  return { telemetry, egress, store, secrets, identity, envelopes, queues, idempotency, ...audits, ...served };
}
