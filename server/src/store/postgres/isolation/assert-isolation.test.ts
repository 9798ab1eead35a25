import assert from "node:assert/strict";
import { test } from "node:test";
import { requirePostgres } from "../../../../../test/support/require.ts";
import { createStore } from "../../create-store.ts";
import type { DatabaseConnection } from "../../connection.ts";
import { migrate } from "../../migrate.ts";
import { BACKENDS, connect, emptyPostgres, makeLogin, randomName, run, urlFor } from "../../testing/databases.ts";
import { assertIsolation } from "./assert-isolation.ts";
import { isolationProblems } from "./problems.ts";

async function refused(connection: DatabaseConnection, message: RegExp): Promise<void> {
  await assert.rejects(assertIsolation(connection), (error: Error) => {
    assert.match(error.message, message);
    assert.ok("code" in error && error.code === "database_unsafe");
    assert.ok("hint" in error && String(error.hint).includes("grant slipway_app, slipway_directory to"));
    return true;
  });
}

const LOGINS: readonly {
  readonly name: string;
  readonly attributes?: string;
  /** SQL of the administrator in the database, `LOGIN` being the login. */
  readonly given?: string;
  readonly message: RegExp;
}[] = [
  { name: "a superuser", attributes: "superuser", message: /slipway_login_\w+ is a superuser\.$/ },
  { name: "a login with BYPASSRLS", attributes: "bypassrls", message: /slipway_login_\w+ has BYPASSRLS/ },
  { name: "a login that may make roles", attributes: "createrole", message: /slipway_login_\w+ has CREATEROLE/ },
  { name: "a login that may replicate", attributes: "replication", message: /slipway_login_\w+ has REPLICATION/ },
  {
    name: "the owner of a table",
    given: "alter table slipway.threads owner to LOGIN",
    message: /slipway_login_\w+ owns tables/,
  },
  {
    name: "the owner of the schema",
    given: "alter schema slipway owner to LOGIN",
    message: /slipway_login_\w+ owns tables of Slipway, or their schema/,
  },
  {
    name: "the owner of the trigger's function",
    given: "alter function slipway.count_key_change() owner to LOGIN",
    message: /slipway_login_\w+ owns/,
  },
  { name: "a member of a superuser", given: "grant ADMIN to LOGIN", message: /can become \w+, which is a superuser/ },
  {
    name: "a member of the owner by way of another role",
    given: "create role BETWEEN; grant BETWEEN to LOGIN; alter table slipway.runs owner to BETWEEN",
    message: /can become between_\w+, which owns tables/,
  },
  {
    name: "a login that runs programs on the server",
    given: "grant pg_execute_server_program to LOGIN",
    message: /which is one of the roles that reach/,
  },
  {
    name: "a login that may truncate",
    given: "grant truncate on slipway.messages to LOGIN",
    message: /has TRUNCATE on slipway\.messages/,
  },
  {
    name: "a login that may rewrite the ledger",
    given: "grant update (model) on slipway.usage_ledger to LOGIN",
    message: /has UPDATE on slipway\.usage_ledger/,
  },
  {
    name: "a login that may delete from the audit by way of everyone",
    given: "grant delete on slipway.audit_records to public",
    message: /has DELETE on slipway\.audit_records/,
  },
  {
    name: "a login without the server's roles",
    given: "revoke slipway_app from LOGIN",
    message: /may not become slipway_app/,
  },
];

for (const { name, attributes = "", given, message } of LOGINS) {
  test(`${name} is refused`, async (t) => {
    const admin = requirePostgres(t);
    if (admin === undefined) return;
    const login = await makeLogin(t, admin, attributes);
    const between = randomName("between");
    const url = await emptyPostgres(t);
    if (url === undefined) return;
    const owner: DatabaseConnection = { engine: "postgresql", url };
    await migrate(owner, { grantTo: login });
    const connection: DatabaseConnection = { engine: "postgresql", url: urlFor(url, { login }) };
    if (attributes === "") await assertIsolation(connection);
    const [self] = await run(owner, "select current_user::text as name");
    const text = given
      ?.replaceAll("LOGIN", login)
      .replaceAll("BETWEEN", between)
      .replaceAll("ADMIN", `"${String(self?.name)}"`);
    try {
      if (text !== undefined) await run(owner, text);
      await refused(connection, message);
      const store = createStore({ connection });
      await assert.rejects(store.tenants.ensure("t", "T"), { code: "database_unsafe" });
      await store.close();
    } finally {
      await run(owner, `reassign owned by ${login} to current_user`);
      if (given?.includes("BETWEEN"))
        await run(owner, `reassign owned by ${between} to current_user; drop role ${between}`);
    }
  });
}

test("a login that inherits the roles is accepted, and sees nothing unless it takes one on", async (t) => {
  const admin = requirePostgres(t);
  if (admin === undefined) return;
  const login = await makeLogin(t, admin, "inherit");
  const url = await emptyPostgres(t);
  if (url === undefined) return;
  const owner: DatabaseConnection = { engine: "postgresql", url };
  await migrate(owner, { grantTo: login });
  const connection: DatabaseConnection = { engine: "postgresql", url: urlFor(url, { login }) };
  await assertIsolation(connection);
  await run(
    owner,
    `insert into slipway.tenants values ('t', 'T'); insert into slipway.api_keys values ('t', 'k', 'n', 'p', decode(repeat('00', 32), 'hex'))`,
  );
  const client = await connect(connection);
  try {
    for (const table of ["tenants", "api_keys"]) {
      const seen = await client.query(`select from slipway.${table}`).catch((error: Error) => error);
      // Before PostgreSQL 16 the rights are inherited and the policies hide the rows; from 16 on there are no rights.
      if (seen instanceof Error) assert.match(seen.message, /permission denied/);
      else assert.equal(seen.rowCount, 0, table);
    }
    await client.query("begin; set local role slipway_directory");
    assert.equal((await client.query("select id from slipway.api_keys")).rowCount, 1);
    await client.query("rollback");
  } finally {
    await client.end();
  }
});

const TABLES: readonly {
  readonly name: string;
  readonly made: string;
  readonly undone: string;
  readonly message: RegExp;
}[] = [
  {
    name: "a tenant table without row level security",
    made: "alter table slipway.threads disable row level security",
    undone: "alter table slipway.threads enable row level security",
    message: /not enabled on slipway\.threads/,
  },
  {
    name: "a tenant table whose owner is exempt",
    made: "alter table slipway.messages no force row level security",
    undone: "alter table slipway.messages force row level security",
    message: /not forced on slipway\.messages/,
  },
  {
    name: "a tenant table without a policy",
    made: "alter policy own_tenant on slipway.runs to slipway_directory",
    undone: "alter policy own_tenant on slipway.runs to slipway_app",
    message: /slipway\.runs has no policy/,
  },
  {
    name: "a policy that lets everything through",
    made: "create policy support on slipway.messages to slipway_app using (true)",
    undone: "drop policy support on slipway.messages",
    message: /policy support on slipway\.messages is none of ours/,
  },
  {
    name: "a tenant's policy that was widened",
    made: "alter policy own_tenant on slipway.threads using (tenant_id is not null)",
    undone: "alter policy own_tenant on slipway.threads using (tenant_id = current_setting('slipway.tenant_id', true))",
    message: /policy own_tenant on slipway\.threads is none of ours/,
  },
  {
    name: "a new table with a tenant_id and no guard",
    made: "create table slipway.planted (tenant_id text)",
    undone: "drop table slipway.planted",
    message: /not enabled on slipway\.planted.*slipway\.planted has no policy/,
  },
  {
    name: "the server's role with a right to truncate",
    made: "grant truncate on slipway.threads to slipway_app",
    undone: "revoke truncate on slipway.threads from slipway_app",
    message: /slipway_app has TRUNCATE on slipway\.threads/,
  },
  {
    name: "the server's role with a right to change the audit",
    made: "grant update on slipway.audit_records to slipway_app",
    undone: "revoke update on slipway.audit_records from slipway_app",
    message: /slipway_app has UPDATE on slipway\.audit_records/,
  },
  {
    name: "the server's role with a right to change what an agent was",
    made: "grant update (spec) on slipway.agent_versions to slipway_app",
    undone: "revoke update (spec) on slipway.agent_versions from slipway_app",
    message: /slipway_app has UPDATE on slipway\.agent_versions/,
  },
];

for (const backend of BACKENDS) {
  test(`tables that let tenants mix are refused on ${backend.name}`, async (t) => {
    const database = await backend.open(t);
    if (!database) return;
    await assertIsolation(database.connection);
    for (const { name, made, undone, message } of TABLES) {
      await t.test(name, async () => {
        await run(database.owner, made);
        await refused(database.connection, message);
        await run(database.owner, undone);
        await assertIsolation(database.connection);
      });
    }
    // The roles belong to the whole cluster, which other tests use: changed in a transaction that is never committed.
    for (const [change, message] of [
      ["alter role slipway_app bypassrls", /^slipway_app has BYPASSRLS/],
      ["alter role slipway_app superuser", /^slipway_app is a superuser/],
      ["alter table slipway.threads owner to slipway_app", /^slipway_app owns/],
      ["grant slipway_directory to slipway_app", /^slipway_app can become slipway_directory, which it must not be/],
      ["alter role slipway_directory createrole", /^slipway_directory has CREATEROLE/],
    ] as const) {
      await t.test(`the server's own roles after: ${change}`, async () => {
        const client = await connect(database.owner);
        try {
          await client.query("begin");
          await client.query(change);
          const query = async <Row>(statement: { text: string; values: readonly unknown[] }) =>
            (await client.query({ text: statement.text, values: [...statement.values] })).rows as readonly Row[];
          const problems = await isolationProblems(query, "embedded");
          assert.ok(
            problems.some((problem) => message.test(problem)),
            problems.join(" "),
          );
        } finally {
          await client.query("rollback");
          await client.end();
        }
      });
    }
  });
}

test("on an empty database a right login waits for the migrations, and a wrong one is refused already", async (t) => {
  const admin = requirePostgres(t);
  if (admin === undefined) return;
  const login = await makeLogin(t, admin, "noinherit");
  const url = await emptyPostgres(t);
  if (url === undefined) return;
  const wrong: DatabaseConnection = { engine: "postgresql", url };
  const right: DatabaseConnection = { engine: "postgresql", url: urlFor(url, { login }) };
  await assertIsolation(right);
  await refused(wrong, /is a superuser/);
  for (const [connection, code] of [
    [right, "database_unavailable"],
    [wrong, "database_unsafe"],
  ] as const) {
    const store = createStore({ connection });
    await assert.rejects(store.tenants.ensure("t", "T"), { code });
    await assert.rejects(store.ready(5000), { code });
    await store.close();
  }
});

test("a database that is not there is unavailable, not unsafe", async () => {
  await assert.rejects(assertIsolation({ engine: "postgresql", url: "postgresql://x@127.0.0.1:1/x" }), {
    code: "database_unavailable",
  });
});
