import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import type { TestContext } from "node:test";
import pg from "pg";
import { hashApiKey } from "../../server/src/keys/api-key.ts";
import { loadMasterKey } from "../../server/src/keys/master-key.ts";
import { later } from "../../server/src/store/testing/databases.ts";
import { createDatabase } from "./postgres.ts";
import { requirePostgres } from "./require.ts";

const MAIN = resolve(import.meta.dirname, "../../server/src/main.ts");

/** One PostgreSQL database for several server processes. */
export interface SharedDatabase {
  /** What each of the servers is started with. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs a statement as the administrator. */
  query(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** Makes a tenant with an API key; servers know it after their next look, within a second. */
  addTenant(tenantId: string, apiKey: string): Promise<void>;
}

/** A migrated database for replicas, dropped after the test; undefined after the test was skipped because there is no PostgreSQL. */
export async function sharedDatabase(t: TestContext): Promise<SharedDatabase | undefined> {
  const superuser = requirePostgres(t);
  if (superuser === undefined) return undefined;
  const database = await createDatabase(superuser);
  later(t, () => database.drop());
  const encryptionKey = `only for the test of ${database.name}`;
  const migrated = spawnSync(process.execPath, [MAIN, "migrate", "--grant-to", database.login], {
    env: { PATH: process.env["PATH"], APP_ENV: "test", MIGRATION_DATABASE_URL: database.adminUrl, LOG_LEVEL: "warn" },
    encoding: "utf8",
  });
  if (migrated.status !== 0) throw new Error(`the migrations failed:\n${migrated.stdout}${migrated.stderr}`);
  const client = new pg.Client({ connectionString: database.adminUrl });
  client.on("error", () => {});
  await client.connect();
  later(t, () => client.end());
  const query: SharedDatabase["query"] = async (text, values = []) =>
    (await client.query<Record<string, unknown>>(text, [...values])).rows;
  return {
    env: { DATABASE_URL: database.url, MIGRATE_AT_START: "false", ENCRYPTION_KEY: encryptionKey },
    query,
    async addTenant(tenantId, apiKey) {
      const master = await loadMasterKey({ encryptionKey, keyFile: "/nowhere" });
      await query("insert into slipway.tenants (tenant_id, name) values ($1, $1)", [tenantId]);
      await query(
        "insert into slipway.api_keys (tenant_id, id, name, prefix, hash, role) values ($1, 'key_1', 'x', 'x', $2, 'owner')",
        [tenantId, hashApiKey(master.apiKeyPepper, apiKey)],
      );
    },
  };
}
