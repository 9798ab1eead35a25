import pg from "pg";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { clientConfig, type DatabaseConnection } from "./connection.ts";
import { migrationFiles, MIGRATIONS_FOLDER, type Migration } from "./migration-files.ts";
import { sqlState, toStoreError, unavailable } from "./postgres/errors.ts";
import { appliedMigrations, type AppliedMigration } from "./postgres/migrations/applied.ts";
import { pendingMigrations } from "./postgres/migrations/compare.ts";
import { grantRoles } from "./postgres/migrations/grant-roles.ts";

/** How to migrate. */
export interface MigrateOptions {
  /** The login under which the server runs; it gets the roles `slipway_app` and `slipway_directory`, and nothing else. */
  readonly grantTo?: string;
  /** Milliseconds to wait for another migration to end, 60,000 unless given. */
  readonly waitMs?: number;
  /** Another folder of migrations, for tests. */
  readonly folder?: string;
  /** Told of each migration after it has run. */
  readonly onApplied?: (name: string) => void;
}

/** What a call of {@link migrate} did. */
export interface MigrateResult {
  /** Names of the migrations that this call ran, in order; empty when there was nothing to do. */
  readonly applied: readonly string[];
}

const CONNECT_MS = 10_000;
const DEFAULT_WAIT_MS = 60_000;
/** A migration that waits longer for a table would hold up every request behind it, so it gives up and is run again later. */
const TABLE_LOCK_MS = 10_000;
// Any two numbers that nobody else takes in this database: "slip" and "migr" in ASCII.
const LOCK = "1936484720, 1835624306";
const INSUFFICIENT_PRIVILEGE = "42501";
const LOCK_NOT_AVAILABLE = "55P03";

/**
 * Runs every migration that has not run yet, each in a transaction of its own under an advisory lock of that transaction: two
 * callers take turns, and a caller that dies leaves nothing behind. The lock works through a transaction pooler too.
 * Needs a login that may make tables and, the first time, roles. Throws `migration_failed` (edited or failing file),
 * `database_unavailable` (not reached, or another migration takes longer than `waitMs`).
 *
 * A migration that changes rows must know that row level security holds for the tables' owner too.
 */
export async function migrate(connection: DatabaseConnection, options: MigrateOptions = {}): Promise<MigrateResult> {
  const known = await migrationFiles(options.folder ?? MIGRATIONS_FOLDER);
  const client = new pg.Client({ ...clientConfig(connection), connectionTimeoutMillis: CONNECT_MS });
  client.on("error", () => {});
  const applied: string[] = [];
  try {
    await client.connect();
    const waitMs = options.waitMs ?? DEFAULT_WAIT_MS;
    await locked(client, waitMs, () => client.query(BOOKKEEPING));
    const { grantTo } = options;
    const grant = grantTo === undefined ? () => Promise.resolve() : () => grantRoles(client, grantTo);
    for (;;) {
      const name = await locked(client, waitMs, async () => {
        const ran = await runNext(client, known);
        // In the same transaction: a server that waits must not find tables that its login is not let into yet.
        await grant();
        return ran;
      });
      if (name === undefined) break;
      applied.push(name);
      options.onApplied?.(name);
    }
    return { applied };
  } catch (error) {
    throw asMigrationError(error);
  } finally {
    await client.end();
  }
}

const BOOKKEEPING = `
  create schema if not exists slipway;
  create table if not exists slipway.schema_migrations (
    name text collate "C" primary key,
    checksum text not null,
    applied_at timestamptz not null default now()
  )`;

async function locked<Result>(client: pg.Client, waitMs: number, work: () => Promise<Result>): Promise<Result> {
  await client.query("begin");
  try {
    // The login may have a statement timeout for the server's sake; a migration may take its time once it has its locks.
    await client.query(`set local statement_timeout = 0; set local lock_timeout = ${Math.max(1, Math.trunc(waitMs))}`);
    await client.query(`select pg_advisory_xact_lock(${LOCK})`).catch((error: unknown) => {
      if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
      throw unavailable(
        `Another migration is still running after ${waitMs} ms.`,
        "Wait for it to end, then run this one again.",
      );
    });
    await client.query(`set local lock_timeout = ${TABLE_LOCK_MS}`);
    const result = await work();
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}

/** Runs the first migration that has not run; its name, or undefined when there is none. */
async function runNext(client: pg.Client, known: readonly Migration[]): Promise<string | undefined> {
  const { rows } = await client.query<AppliedMigration>(appliedMigrations().text);
  const next = pendingMigrations(known, rows)[0];
  if (!next) return undefined;
  try {
    await client.query(next.text);
  } catch (error) {
    throw failed(next.name, error);
  }
  await client.query("insert into slipway.schema_migrations (name, checksum) values ($1, $2)", [
    next.name,
    next.checksum,
  ]);
  return next.name;
}

function failed(name: string, error: unknown): unknown {
  const state = sqlState(error);
  if (state === undefined || !(error instanceof Error)) return error;
  const hint =
    state === INSUFFICIENT_PRIVILEGE
      ? "Migrate under a login that owns the database and may make roles (MIGRATION_DATABASE_URL)."
      : state === LOCK_NOT_AVAILABLE
        ? "A running transaction holds a table for too long; run the migration again."
        : "Nothing of it was kept. Mend the file and run it again.";
  return new SlipwayError("migration_failed", `The migration ${name} failed: ${error.message} (${state}).`, {
    hint,
    cause: error,
  });
}

function asMigrationError(error: unknown): unknown {
  if (error instanceof SlipwayError) return error;
  if (sqlState(error) === INSUFFICIENT_PRIVILEGE && error instanceof Error) {
    return new SlipwayError("migration_failed", `The login may not migrate this database: ${error.message}.`, {
      hint: "Migrate under a login that owns the database and may make roles (MIGRATION_DATABASE_URL).",
      cause: error,
    });
  }
  return toStoreError(error);
}
