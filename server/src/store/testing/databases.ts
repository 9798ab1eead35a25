import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import pg from "pg";
import type { DatabaseConnection } from "../connection.ts";
import { startEmbeddedDatabase } from "../embedded/start.ts";
import { migrate } from "../migrate.ts";
import { requirePostgres } from "../../../../test/support/require.ts";

/** An empty or migrated database of a test's own. */
export interface TestDatabase {
  /** The server's login. */
  readonly connection: DatabaseConnection;
  /** The tables' owner. */
  readonly owner: DatabaseConnection;
}

/** A kind of database that the store must work on. */
export interface Backend {
  readonly name: DatabaseConnection["engine"];
  /** Migrated; undefined when the test was skipped, with its reason, because there is no such database here. */
  readonly open: (t: TestContext) => Promise<TestDatabase | undefined>;
}

/** Both databases; a suite over this table holds for each. */
export const BACKENDS: readonly Backend[] = [
  { name: "embedded", open: openEmbedded },
  { name: "postgresql", open: openPostgres },
];

const tasks = new WeakMap<TestContext, (() => unknown)[]>();

/** Runs the task after the test, the last one first: what was built on something is taken down before it. */
export function later(t: TestContext, task: () => unknown): void {
  const known = tasks.get(t);
  if (known) {
    known.push(task);
    return;
  }
  const mine = [task];
  tasks.set(t, mine);
  t.after(async () => {
    for (const next of mine.toReversed()) await next();
  });
}

/** A random name for a database, a login or a tenant. */
export function randomName(prefix: string): string {
  return `${prefix}_${randomBytes(5).toString("hex")}`;
}

/** Runs SQL on a connection of its own and answers the rows of the last statement. */
export async function run(connection: DatabaseConnection, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = await connect(connection);
  try {
    const answer = (await client.query<Record<string, unknown>>(text)) as pg.QueryResult | pg.QueryResult[];
    const last = Array.isArray(answer) ? answer.at(-1) : answer;
    return (last?.rows ?? []) as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

/** A connection of its own. */
export async function connect(connection: DatabaseConnection): Promise<pg.Client> {
  const client = new pg.Client(
    connection.engine === "postgresql"
      ? { connectionString: connection.url, pipeline: true }
      : { host: connection.socketDir, user: "postgres", database: "postgres", pipeline: true },
  );
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** The same database under another login, or another database of the same server. */
export function urlFor(url: string, change: { readonly login?: string; readonly database?: string }): string {
  const changed = new URL(url);
  if (change.login !== undefined) {
    changed.username = change.login;
    changed.password = PASSWORD;
  }
  if (change.database !== undefined) changed.pathname = `/${change.database}`;
  return changed.href;
}

const PASSWORD = "only-for-tests";

/** A login with these attributes, dropped after the test: make it before the database in which it is given rights. */
export async function makeLogin(t: TestContext, adminUrl: string, attributes: string): Promise<string> {
  const login = randomName("slipway_login");
  const admin: DatabaseConnection = { engine: "postgresql", url: adminUrl };
  await run(admin, `create role ${login} login ${attributes} password '${PASSWORD}'`);
  later(t, () => run(admin, `drop role ${login}`));
  return login;
}

/** An empty database on the tests' PostgreSQL, dropped after the test. Answers the URL of its administrator. */
export async function emptyPostgres(t: TestContext): Promise<string | undefined> {
  const admin = requirePostgres(t);
  if (admin === undefined) return undefined;
  const database = randomName("slipway_test");
  await run({ engine: "postgresql", url: admin }, `create database ${database}`);
  later(t, () => run({ engine: "postgresql", url: admin }, `drop database ${database} with (force)`));
  return urlFor(admin, { database });
}

async function openPostgres(t: TestContext): Promise<TestDatabase | undefined> {
  const admin = requirePostgres(t);
  if (admin === undefined) return undefined;
  const login = await makeLogin(t, admin, "noinherit");
  const url = await emptyPostgres(t);
  if (url === undefined) return undefined;
  const owner: DatabaseConnection = { engine: "postgresql", url };
  await migrate(owner, { grantTo: login });
  return { owner, connection: { engine: "postgresql", url: urlFor(url, { login }) } };
}

async function openEmbedded(t: TestContext): Promise<TestDatabase> {
  const database = await startEmbeddedDatabase({ dataDir: await embeddedFolder(t) });
  later(t, () => database.stop());
  await migrate(database.connection);
  return { owner: database.connection, connection: database.connection };
}

/** A folder with an empty embedded database in it: making one anew takes seconds, so it is made once a test file and copied. */
export async function embeddedFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-data-"));
  later(t, () => rm(folder, { recursive: true, force: true }));
  template ??= makeTemplate();
  await cp(await template, folder, { recursive: true });
  return folder;
}

let template: Promise<string> | undefined;

async function makeTemplate(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-template-"));
  const database = await startEmbeddedDatabase({ dataDir: folder });
  await database.stop();
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
