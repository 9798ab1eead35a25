import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { SlipwayError } from "@slipway/contracts/errors.ts";
import { requirePostgres } from "../../../test/support/require.ts";
import type { DatabaseConnection } from "./connection.ts";
import { createStore } from "./create-store.ts";
import { startEmbeddedDatabase } from "./embedded/start.ts";
import { migrate } from "./migrate.ts";
import { migrationFiles, MIGRATIONS_FOLDER } from "./migration-files.ts";
import { assertIsolation } from "./postgres/isolation/assert-isolation.ts";
import {
  connect,
  embeddedFolder,
  emptyPostgres,
  later,
  makeLogin,
  randomName,
  run,
  urlFor,
} from "./testing/databases.ts";

const NAMES = (await migrationFiles()).map(({ name }) => name);

/** A copy of the migrations that a test may spoil. */
async function folderCopy(t: TestContext, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-migrations-"));
  later(t, () => rm(folder, { recursive: true, force: true }));
  await cp(MIGRATIONS_FOLDER, folder, { recursive: true });
  for (const [name, text] of Object.entries(more)) await writeFile(join(folder, name), text);
  return folder;
}

async function applied(connection: DatabaseConnection): Promise<readonly unknown[]> {
  return (await run(connection, "select name from slipway.schema_migrations order by name")).map((row) => row.name);
}

const EMPTY: readonly (readonly [string, (t: TestContext) => Promise<DatabaseConnection | undefined>])[] = [
  [
    "embedded",
    async (t) => {
      const database = await startEmbeddedDatabase({ dataDir: await embeddedFolder(t) });
      later(t, () => database.stop());
      return database.connection;
    },
  ],
  [
    "postgresql",
    async (t) => {
      const url = await emptyPostgres(t);
      return url === undefined ? undefined : { engine: "postgresql", url };
    },
  ],
];

for (const [name, open] of EMPTY) {
  test(`migrations on ${name}`, async (t) => {
    const connection = await open(t);
    if (!connection) return;

    await t.test("all run once, in order, and a second call has nothing to do", async () => {
      const told: string[] = [];
      assert.deepEqual(await migrate(connection, { onApplied: (one) => told.push(one) }), { applied: NAMES });
      assert.deepEqual(told, NAMES);
      assert.deepEqual(await migrate(connection), { applied: [] });
      assert.deepEqual(await applied(connection), NAMES);
    });

    await t.test("a file that was edited after it had run is refused", async (edited) => {
      const folder = await folderCopy(edited);
      const file = join(folder, `${NAMES[1]}.sql`);
      await writeFile(file, `${await readFile(file, "utf8")}-- one more word\n`);
      await assert.rejects(migrate(connection, { folder }), {
        code: "migration_failed",
        message: `The migration ${NAMES[1]} was edited after it had run.`,
      });
    });

    await t.test("control: other line ends are no edit", async (turned) => {
      const folder = await folderCopy(turned);
      const file = join(folder, `${NAMES[1]}.sql`);
      await writeFile(file, (await readFile(file, "utf8")).replaceAll("\n", "\r\n"));
      assert.deepEqual(await migrate(connection, { folder }), { applied: [] });
    });

    await t.test("a migration that fails leaves nothing, and the ones before it stay", async (failing) => {
      const folder = await folderCopy(failing, {
        "0901_good.sql": "create table slipway.good (id text)",
        "0902_bad.sql": "create table slipway.bad (id text); select 1 / 0;",
      });
      await assert.rejects(migrate(connection, { folder }), {
        code: "migration_failed",
        message: "The migration 0902_bad failed: division by zero (22012).",
      });
      assert.deepEqual(await applied(connection), [...NAMES, "0901_good"]);
      const [left] = await run(
        connection,
        "select to_regclass('slipway.good') as good, to_regclass('slipway.bad') as bad",
      );
      assert.deepEqual([left?.good, left?.bad], ["slipway.good", null]);
    });

    await t.test("a database that is newer than the code is ready, and migrating it does nothing", async () => {
      assert.deepEqual(await migrate(connection), { applied: [] });
      assert.deepEqual(await applied(connection), [...NAMES, "0901_good"]);
      if (connection.engine === "postgresql") return;
      const store = createStore({ connection });
      await store.ready(5000);
      await store.close();
    });

    await t.test("a migration whose number lies before one that has run is refused", async (late) => {
      const folder = await folderCopy(late, {
        "0900_late.sql": "select 1",
        "0901_good.sql": "create table slipway.good (id text)",
      });
      await assert.rejects(migrate(connection, { folder }), {
        code: "migration_failed",
        message: "The migration 0900_late has not run, but the later 0901_good has.",
      });
    });
  });
}

test("a store on a database without its migrations is not ready, says which are missing, and runs no verb", async (t) => {
  const database = await startEmbeddedDatabase({ dataDir: await embeddedFolder(t) });
  later(t, () => database.stop());
  const store = createStore({ connection: database.connection });
  later(t, () => store.close());
  await assert.rejects(store.ready(5000), { code: "database_unavailable", hint: /\.\/slipway migrate/ });
  await assert.rejects(store.threads.list("t", { limit: 1 }), {
    code: "database_unavailable",
    hint: /\.\/slipway migrate/,
  });
  await migrate(database.connection);
  // As if the last had not run, and then as if it had: what it changed cannot be made a second time.
  const last = `where name = '${NAMES.at(-1)}'`;
  await run(database.connection, `create table public.kept as select * from slipway.schema_migrations ${last}`);
  await run(database.connection, `delete from slipway.schema_migrations ${last}`);
  await assert.rejects(store.ready(5000), {
    code: "database_unavailable",
    message: `Migrations have not run yet: ${NAMES.at(-1)}.`,
  });
  await run(database.connection, "insert into slipway.schema_migrations select * from public.kept");
  await store.ready(5000);
});

test("six callers at once run each migration once between them", async (t) => {
  const url = await emptyPostgres(t);
  if (url === undefined) return;
  const connection: DatabaseConnection = { engine: "postgresql", url };
  const results = await Promise.all(Array.from({ length: 6 }, () => migrate(connection)));
  assert.deepEqual(results.flatMap((result) => result.applied).toSorted(), NAMES);
  assert.deepEqual(await applied(connection), NAMES);
});

test("control: the same migrations run at once without the lock collide", async (t) => {
  const url = await emptyPostgres(t);
  if (url === undefined) return;
  const clients = await Promise.all([1, 2, 3].map(() => connect({ engine: "postgresql", url })));
  const files = await migrationFiles();
  const bookkeeping =
    "create schema if not exists slipway; create table if not exists slipway.schema_migrations (name text)";
  await clients[0]?.query(bookkeeping);
  const outcomes = await Promise.allSettled(
    clients.map((client) => client.query(files.map(({ text }) => text).join("\n"))),
  );
  for (const client of clients) await client.end();
  assert.ok(outcomes.some(({ status }) => status === "rejected"));
});

test("two databases of one server can be migrated at once, though the roles are the server's", async (t) => {
  const urls = [await emptyPostgres(t), await emptyPostgres(t), await emptyPostgres(t)];
  const results = await Promise.all(
    urls.flatMap((url) => (url === undefined ? [] : [migrate({ engine: "postgresql", url })])),
  );
  for (const { applied: names } of results) assert.deepEqual(names, NAMES);
});

test("a migration waits for another one no longer than it was told", async (t) => {
  const url = await emptyPostgres(t);
  if (url === undefined) return;
  const connection: DatabaseConnection = { engine: "postgresql", url };
  await migrate(connection);
  const holder = await connect(connection);
  later(t, () => holder.end());
  await holder.query("begin; select pg_advisory_xact_lock(1936484720, 1835624306)");
  const started = performance.now();
  await assert.rejects(migrate(connection, { waitMs: 300 }), {
    code: "database_unavailable",
    message: "Another migration is still running after 300 ms.",
  });
  assert.ok(performance.now() - started < 5000);
  await holder.query("rollback");
  assert.deepEqual(await migrate(connection, { waitMs: 300 }), { applied: [] });
});

test("an owner that is no superuser migrates, and its row level security holds for itself", async (t) => {
  const admin = requirePostgres(t);
  if (admin === undefined) return;
  const login = await makeLogin(t, admin, "noinherit");
  const ownerLogin = await makeLogin(t, admin, "createrole");
  const url = await emptyPostgres(t);
  if (url === undefined) return;
  const administrator: DatabaseConnection = { engine: "postgresql", url };
  await run(administrator, `grant create on database ${new URL(url).pathname.slice(1)} to ${ownerLogin}`);
  const owner: DatabaseConnection = { engine: "postgresql", url: urlFor(url, { login: ownerLogin }) };
  assert.deepEqual(await migrate(owner), { applied: NAMES });
  await run(administrator, `grant slipway_app, slipway_directory to ${login}`);
  const store = createStore({ connection: { engine: "postgresql", url: urlFor(url, { login }) } });
  await store.ready(5000);
  await store.tenants.ensure("t", "T");
  await store.threads.create("t", { id: "thr_1", agent: null });
  await store.messages.append("t", "thr_1", [{ id: "m", role: "user", content: Buffer.from("x") }]);
  await store.close();
  assert.deepEqual(await run(owner, "select id from slipway.messages"), []);
});

test("answers that were kept before their items had a table are found by them, by an owner that is no superuser too", async (t) => {
  const admin = requirePostgres(t);
  if (admin === undefined) return;
  const login = await makeLogin(t, admin, "noinherit");
  const ownerLogin = await makeLogin(t, admin, "createrole");
  const url = await emptyPostgres(t);
  if (url === undefined) return;
  const administrator: DatabaseConnection = { engine: "postgresql", url };
  await run(administrator, `grant create on database ${new URL(url).pathname.slice(1)} to ${ownerLogin}`);
  const owner: DatabaseConnection = { engine: "postgresql", url: urlFor(url, { login: ownerLogin }) };
  const folder = await folderCopy(t);
  for (const name of NAMES) if (name >= "0031") await rm(join(folder, `${name}.sql`));
  await migrate(owner, { folder });
  await run(
    administrator,
    `grant slipway_app, slipway_directory to ${login};
    insert into slipway.tenants (tenant_id, name) values ('t', 'T');
    insert into slipway.kept_answers (tenant_id, id, item_ids, content, expires_at)
    select 't', 'resp_' || n, array['msg_' || n, 'msg_' || n], 'x', now() + interval '1 h' from generate_series(1, 3) n`,
  );
  await migrate(owner);
  const store = createStore({ connection: { engine: "postgresql", url: urlFor(url, { login }) } });
  later(t, () => store.close());
  const found = await store.keptAnswers.withItems("t", ["msg_2"], { answers: 10, bytes: 1000 });
  assert.deepEqual(
    found.map(({ id }) => id),
    ["resp_2"],
  );
});

test("a login that may not make tables is told to use the owner's", async (t) => {
  const admin = requirePostgres(t);
  if (admin === undefined) return;
  const login = await makeLogin(t, admin, "noinherit");
  const url = await emptyPostgres(t);
  if (url === undefined) return;
  await assert.rejects(migrate({ engine: "postgresql", url: urlFor(url, { login }) }), {
    code: "migration_failed",
    hint: /MIGRATION_DATABASE_URL/,
  });
});

test("roles cannot be granted to a login that is not there", async (t) => {
  const url = await emptyPostgres(t);
  if (url === undefined) return;
  const login = randomName('Odd "name"');
  await assert.rejects(migrate({ engine: "postgresql", url }, { grantTo: login }), {
    code: "migration_failed",
    message: `There is no login ${login} to grant the server's roles to.`,
  });
});

test("a server that waits finds nothing unsafe between one migration and the next", async (t) => {
  const admin = requirePostgres(t);
  if (admin === undefined) return;
  const login = await makeLogin(t, admin, "noinherit");
  const url = await emptyPostgres(t);
  if (url === undefined) return;
  const owner: DatabaseConnection = { engine: "postgresql", url };
  const connection: DatabaseConnection = { engine: "postgresql", url: urlFor(url, { login }) };
  const folder = await folderCopy(t);
  for (const name of NAMES) await rm(join(folder, `${name}.sql`));
  for (const name of NAMES) {
    await cp(join(MIGRATIONS_FOLDER, `${name}.sql`), join(folder, `${name}.sql`));
    await migrate(owner, { folder, grantTo: login });
    const store = createStore({ connection });
    // Any refusal but these ends a server.
    await store.tenants.ensure("t", "T").then(
      () => assert.equal(name, NAMES.at(-1)),
      ({ code }: SlipwayError) => assert.equal(code, "database_unavailable"),
    );
    await store.close();
  }
  await assertIsolation(connection);
  // Control: a login that was never let in is not waited for.
  await run(owner, `revoke slipway_app, slipway_directory from ${login}`);
  const store = createStore({ connection });
  await assert.rejects(store.tenants.ensure("t", "T"), { code: "database_unsafe", message: /may not become/ });
  await store.close();
});

test("the roles are granted so that nothing is inherited where the database can say so", async (t) => {
  const database = await startEmbeddedDatabase({ dataDir: await embeddedFolder(t) });
  later(t, () => database.stop());
  await run(database.connection, `create role "Some Login" login`);
  await migrate(database.connection, { grantTo: "Some Login" });
  const grants = await run(
    database.connection,
    `select roleid::regrole::text as role, inherit_option, set_option from pg_auth_members where member = '"Some Login"'::regrole order by 1`,
  );
  assert.deepEqual(grants, [
    { role: "slipway_app", inherit_option: false, set_option: true },
    { role: "slipway_directory", inherit_option: false, set_option: true },
  ]);
});

test("files with odd names or the same number are refused", async (t) => {
  const odd = await folderCopy(t, { "5_short.sql": "select 1" });
  await assert.rejects(migrationFiles(odd), { code: "migration_failed", message: /5_short\.sql is not named like/ });
  const twice = await folderCopy(t, { "0001_again.sql": "select 1" });
  await assert.rejects(migrationFiles(twice), { code: "migration_failed", message: /has the number of another/ });
});

test("a database that does not answer is unavailable", async () => {
  await assert.rejects(migrate({ engine: "postgresql", url: "postgresql://x@127.0.0.1:1/x" }), {
    code: "database_unavailable",
  });
});
