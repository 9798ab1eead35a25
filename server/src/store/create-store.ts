import type { DatabaseConnection } from "./connection.ts";
import { migrationFiles, type Migration } from "./migration-files.ts";
import { createStoredAgents } from "./postgres/agents/agents.ts";
import { createApiKeys } from "./postgres/api-keys/api-keys.ts";
import { createAuditChain } from "./postgres/audit-chain/audit-chain.ts";
import { createAuditRecords } from "./postgres/audit-records/audit-records.ts";
import { createAuditSinks } from "./postgres/audit-sinks/audit-sinks.ts";
import { listenForChanges } from "./postgres/changes/listen.ts";
import { createDatabase, type Database } from "./postgres/database.ts";
import { createDirectory } from "./postgres/directory/directory.ts";
import { unavailable } from "./postgres/errors.ts";
import { createIdempotencyRecords } from "./postgres/idempotency/idempotency-records.ts";
import { assertIsolation } from "./postgres/isolation/assert-isolation.ts";
import { createKeptAnswers } from "./postgres/kept-answers/kept-answers.ts";
import { createLimits } from "./postgres/limits/limits.ts";
import { createMessages } from "./postgres/messages/messages.ts";
import { appliedMigrations } from "./postgres/migrations/applied.ts";
import { pendingMigrations } from "./postgres/migrations/compare.ts";
import { createPool, DEFAULT_LIMITS, type PoolLimits } from "./postgres/pool.ts";
import { createProviderKeys } from "./postgres/provider-keys/provider-keys.ts";
import { createRoutes } from "./postgres/routes/routes.ts";
import { createRuns } from "./postgres/runs/runs.ts";
import { createSessionStore } from "./postgres/sessions/sessions.ts";
import { createSubjects } from "./postgres/subjects/subjects.ts";
import { createTenants } from "./postgres/tenants/tenants.ts";
import { createThreads } from "./postgres/threads/threads.ts";
import { createUsers } from "./postgres/users/users.ts";
import { createUsageLedger } from "./postgres/usage-ledger/usage-ledger.ts";
import type { Store } from "./store.ts";

/** What a store needs. */
export interface StoreOptions {
  readonly connection: DatabaseConnection;
  /** Bounds that differ from {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<PoolLimits>;
  /** Told of connections that break while nobody uses them. The pool makes new ones by itself. */
  readonly onConnectionError?: (error: Error) => void;
}

/**
 * The store on PostgreSQL or on the embedded database. Opens no connection before the first verb. Every verb ends within the
 * limits with its answer or with `database_unavailable`; none runs before the migrations are complete and tenants are known to
 * be kept apart (`database_unsafe`).
 *
 * @example
 * const store = createStore({ connection: { engine: "postgresql", url: "postgresql://slipway_server@db/slipway" } });
 */
export function createStore(options: StoreOptions): Store {
  const { connection } = options;
  const limits: PoolLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const known = migrationFiles();
  // Whoever asks first is told of a folder that cannot be read; until then the rejection is nobody's.
  known.catch(() => {});
  const database = createDatabase({
    pool: createPool(connection, limits, options.onConnectionError ?? (() => {})),
    statementTimeoutMs: limits.statementTimeoutMs,
    async prove(asDirectory) {
      const timeoutMs = limits.acquireTimeoutMs;
      try {
        refusePending(await known, await asDirectory(appliedMigrations()));
      } catch (error) {
        // A login that could mix tenants is refused now, not only once somebody has run the migrations.
        await assertIsolation(connection, { timeoutMs, scope: "roles" });
        throw error;
      }
      await assertIsolation(connection, { timeoutMs });
    },
  });
  return {
    tenants: createTenants(database),
    apiKeys: createApiKeys(database),
    users: createUsers(database),
    directory: createDirectory(database),
    routes: createRoutes(database),
    providerKeys: createProviderKeys(database),
    limits: createLimits(database),
    agents: createStoredAgents(database),
    sessions: createSessionStore(database),
    subjects: createSubjects(database),
    threads: createThreads(database),
    messages: createMessages(database),
    runs: createRuns(database),
    keptAnswers: createKeptAnswers(database),
    usageLedger: createUsageLedger(database),
    auditRecords: createAuditRecords(database),
    auditSinks: createAuditSinks(database),
    auditChain: createAuditChain(database),
    idempotency: createIdempotencyRecords(database),
    ready: (timeoutMs) => within(timeoutMs, checkReady(database, known)),
    listen: (listener) => listenForChanges(connection, listener),
    close: () => database.close(),
  };
}

async function checkReady(database: Database, known: Promise<readonly Migration[]>): Promise<void> {
  refusePending(await known, await database.asDirectory(appliedMigrations()));
}

function refusePending(known: readonly Migration[], applied: Parameters<typeof pendingMigrations>[1]): void {
  const pending = pendingMigrations(known, applied);
  if (pending.length === 0) return;
  const names = pending.map(({ name }) => name).join(", ");
  throw unavailable(`Migrations have not run yet: ${names}.`, "Run them: ./slipway migrate");
}

/** The work's own end, or `database_unavailable` when it takes longer. The work goes on to its own bound. */
async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        unavailable(`The database did not answer within ${timeoutMs} ms.`, "Check that it runs and is not overloaded."),
      );
    }, timeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
