import { randomBytes } from "node:crypto";
import pg from "pg";

/** A database of one test's own. */
export interface TestDatabase {
  readonly name: string;
  /** The administrator's address of this database: for migrations, as MIGRATION_DATABASE_URL. */
  readonly adminUrl: string;
  /** The name of a login that owns nothing and is no superuser; it may connect and nothing more. */
  readonly login: string;
  /** That login's address of this database: for the server, as DATABASE_URL. */
  readonly url: string;
  /** Removes database and login; connections that are still open are cut. */
  drop(): Promise<void>;
}

/** Runs statements one by one on a connection of their own. */
export async function runSql(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Makes an empty database with a unique name and a login that has no rights yet. Takes the address of a superuser. */
export async function createDatabase(superuserUrl: string): Promise<TestDatabase> {
  const name = `slipway_test_${randomBytes(6).toString("hex")}`;
  const login = `${name}_app`;
  const password = randomBytes(12).toString("hex");
  await runSql(superuserUrl, [
    `create role ${login} login nosuperuser nobypassrls noinherit password '${password}'`,
    `create database ${name}`,
  ]);
  const adminUrl = new URL(superuserUrl);
  adminUrl.pathname = `/${name}`;
  const url = new URL(adminUrl);
  url.username = login;
  url.password = password;
  return {
    name,
    adminUrl: adminUrl.href,
    login,
    url: url.href,
    drop: () => runSql(superuserUrl, [`drop database ${name} with (force)`, `drop role ${login}`]),
  };
}
