import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type pg from "pg";
import { createStore } from "../../create-store.ts";
import type { NewAuditRecord } from "../../audit-records.ts";
import type { Store } from "../../store.ts";
import { tenantTables } from "./tables.ts";
import { BACKENDS, connect, later, run, type TestDatabase } from "../../testing/databases.ts";
import { appendRecords, appendUsage } from "../../testing/append.ts";

// Raw SQL as the server's role, without any `where tenant_id = …`: what is left is what the database itself keeps apart.

/** A tenant's table as the catalogue knows it, with the victim's row in it as JSON. */
interface Table {
  readonly name: string;
  /** Columns that an insert may name. */
  readonly columns: readonly string[];
  readonly row: string;
}

/** Every table of the catalogue that has a tenant: a new one is here by itself, and wants a row of {@link fill}. */
async function tablesOf(owner: pg.Client): Promise<readonly Table[]> {
  const { rows } = await owner.query<{ name: string; columns: string[] }>(`
    select c.table_name as name, array_agg(c.column_name::text order by c.ordinal_position)
        filter (where c.is_identity = 'NO' and c.is_generated = 'NEVER') as columns
    from information_schema.columns c
    join pg_catalog.pg_class t on t.oid = format('slipway.%I', c.table_name)::regclass and t.relkind in ('r', 'p')
    where c.table_schema = 'slipway'
    group by c.table_name
    having bool_or(c.column_name = 'tenant_id')
    order by 1`);
  const tables: Table[] = [];
  for (const { name, columns } of rows) tables.push({ name, columns, row: await victimsRow(owner, name) });
  return tables;
}

// The owner is held to row level security too, so it looks as the victim.
async function victimsRow(owner: pg.Client, table: string): Promise<string> {
  await owner.query("begin; set local role slipway_app; set local slipway.tenant_id = 'victim'");
  try {
    const { rows } = await owner.query<{ row: string }>(
      `select to_jsonb(r)::text as row from slipway.${table} r limit 1`,
    );
    assert.ok(rows[0], `fill() puts no row into slipway.${table}`);
    return rows[0].row;
  } finally {
    await owner.query("rollback");
  }
}

/** The tables of which the directory's role reads some columns. */
const READ_BY_DIRECTORY = new Set([
  "agents",
  "api_keys",
  "audit_chain",
  "audit_checkpoints",
  "audit_pending",
  "provider_keys",
  "routes",
  "sessions",
  "limits",
  "users",
  "tenants",
]);

const SCOPES: readonly (readonly [string, string | undefined])[] = [
  ["with another tenant set", "attacker"],
  ["with no tenant set", undefined],
  ["with an empty tenant set", ""],
];

type Verb = "select" | "insert" | "update" | "delete";

function statement({ name, columns, row }: Table, verb: Verb): string {
  switch (verb) {
    case "select":
      return `select tenant_id from slipway.${name} where tenant_id <> 'attacker'`;
    case "insert": {
      // The victim's own row again: a policy refuses it before a constraint does.
      const list = columns.join(", ");
      const text = row.replaceAll("'", "''");
      return `insert into slipway.${name} (${list}) select ${list} from jsonb_populate_record(null::slipway.${name}, '${text}')`;
    }
    case "update":
      return `update slipway.${name} set tenant_id = tenant_id where tenant_id <> 'attacker'`;
    case "delete":
      return `delete from slipway.${name} where tenant_id <> 'attacker'`;
  }
}

/** Rows of another tenant that the statement saw or touched. A refusal by the database is none. */
async function touched(client: pg.Client, table: Table, verb: Verb, tenantId: string | undefined): Promise<number> {
  await client.query("begin");
  try {
    await client.query("set local role slipway_app");
    if (tenantId !== undefined) await client.query("select set_config('slipway.tenant_id', $1, true)", [tenantId]);
    return (await client.query(statement(table, verb))).rowCount ?? 0;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    // No grant, or refused by the policy.
    if (code === "42501") return 0;
    // The row was reached; only a row that refers to it, or is it, held it.
    if (code === "23503" || code === "23505") return 1;
    throw error;
  } finally {
    await client.query("rollback");
  }
}

/** Every cell of the matrix in which a row was seen or touched. */
async function leaks(client: pg.Client, tables: readonly Table[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const table of tables) {
    for (const verb of ["select", "insert", "update", "delete"] as const) {
      for (const [scope, tenantId] of SCOPES) {
        const rows = await touched(client, table, verb, tenantId);
        if (rows > 0) found.push(`${verb} ${table.name} ${scope}: ${rows}`);
      }
    }
  }
  return found;
}

/** A row of each tenant in every table. */
async function fill(store: Store): Promise<void> {
  for (const tenantId of ["victim", "attacker"]) {
    await store.tenants.ensure(tenantId, "x");
    await store.subjects.putWrappedKey(tenantId, "tenant", randomBytes(8));
    await store.users.create(tenantId, { id: "usr_1", email: "x@example.com", name: "x", role: "viewer" });
    await store.apiKeys.create(tenantId, { id: "key_1", name: "x", prefix: "x", hash: randomBytes(32) });
    await store.threads.create(tenantId, { id: "thr_1", agent: null });
    await store.messages.append(tenantId, "thr_1", [{ id: "msg_1", role: "user", content: randomBytes(8) }]);
    await store.runs.create(tenantId, { id: "run_1", agent: "x", agentVersion: null, threadId: "thr_1" });
    const line = { id: "1", tenantId, requestId: "x", at: new Date() };
    const usage = { input: 1, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
    await appendUsage(store, [
      {
        ...line,
        keyId: "x",
        agent: null,
        provider: "x",
        model: "x",
        usage,
        source: "none",
        cost: null,
        priceVersion: "x",
        outcome: "ok",
      },
    ]);
    await store.routes.put(tenantId, "route_1", {});
    const sealed = randomBytes(8);
    await store.providerKeys.put(tenantId, { provider: "openai", version: "pk_1", sealed, last4: "" });
    await store.limits.put(tenantId, "limit_1", {});
    const version = { hash: "00".repeat(32), spec: {}, madeBy: "x" };
    await store.agents.create(tenantId, { name: "x", userId: "usr_1", ...version }, 5);
    const end = new Date(Date.now() + 60_000);
    const times = { idleUntil: end, expiresAt: end };
    await store.sessions.create(
      tenantId,
      { id: "ses_1", tokenHash: randomBytes(32), owner: "x", caller: {}, ...times },
      5,
    );
    await store.idempotency.claim(
      tenantId,
      { keyHash: Buffer.alloc(32), owner: "x" },
      { fingerprint: Buffer.alloc(32), leaseMs: 60_000, ttlMs: 60_000 },
    );
    await store.keptAnswers.put(tenantId, {
      id: "answer_1",
      previousId: null,
      itemIds: ["msg_1"],
      content: randomBytes(8),
      expiresAt: new Date(Date.now() + 60_000),
    });
    const record: NewAuditRecord = {
      ...line,
      actor: "x",
      action: "x",
      target: "x",
      outcome: "ok",
      code: null,
      cost: null,
      clientIp: null,
      level: "metadata",
      release: "x",
    };
    await appendRecords(store, [record]);
    const position = (await store.auditRecords.lastPosition()) + 1;
    await store.auditChain.place([{ tenantId, count: 1, oldest: 0, newest: Number.MAX_SAFE_INTEGER }], position - 1);
    await appendRecords(store, [{ ...record, id: "another" }]);
    const signed = { root: randomBytes(32), chainHash: randomBytes(32), peaks: randomBytes(32), note: "x" };
    await store.auditChain.addCheckpoint(tenantId, { size: 1, position, ...signed });
  }
}

interface Matrix {
  readonly tables: readonly Table[];
  readonly database: TestDatabase;
  /** Under the server's login. */
  readonly client: pg.Client;
}

const CHECKS: readonly (readonly [string, (matrix: Matrix) => Promise<void>])[] = [
  [
    "the matrix has every table that the store's own look finds, and the victim sees its row in each",
    async ({ tables, client }) => {
      const { text } = tenantTables();
      const { rows } = await client.query<{ table: string }>(text);
      assert.deepEqual(
        tables.map(({ name }) => name),
        rows.map(({ table }) => table).toSorted(),
      );
      assert.ok(tables.length >= 12);
      for (const { name } of tables) {
        await client.query("begin; set local role slipway_app; set local slipway.tenant_id = 'victim'");
        const { rowCount } = await client.query(`select from slipway.${name}`);
        await client.query("rollback");
        assert.ok((rowCount ?? 0) >= 1, name);
      }
    },
  ],
  [
    "no verb sees or touches a row of another tenant",
    async ({ tables, client }) => {
      assert.deepEqual(await leaks(client, tables), []);
    },
  ],
  [
    "nor would it if the role had been granted every right by mistake",
    async ({ tables, database, client }) => {
      await run(database.owner, "grant select, insert, update, delete on all tables in schema slipway to slipway_app");
      assert.deepEqual(await leaks(client, tables), []);
    },
  ],
  [
    "control: without row level security every cell of the matrix is red",
    async ({ tables, database, client }) => {
      for (const table of tables) {
        await run(database.owner, `alter table slipway.${table.name} disable row level security`);
        const found = await leaks(client, [table]);
        await run(database.owner, `alter table slipway.${table.name} enable row level security`);
        for (const verb of ["select", "insert", "update", "delete"]) {
          assert.equal(found.filter((cell) => cell.startsWith(verb)).length, SCOPES.length, `${verb} ${table.name}`);
        }
      }
      assert.deepEqual(await leaks(client, tables), []);
    },
  ],
  [
    "control: a table made without it joins by itself and is red; one that nobody put a row into is red too",
    async ({ database, client }) => {
      const owner = await connect(database.owner);
      try {
        await run(database.owner, "create table slipway.planted (tenant_id text, name text)");
        await assert.rejects(tablesOf(owner), /permission denied|no row into slipway\.planted/);
        await run(
          database.owner,
          "insert into slipway.planted values ('victim', 'x'); grant select, insert, update, delete on slipway.planted to slipway_app",
        );
        const found = await leaks(client, await tablesOf(owner));
        assert.ok(found.length >= 4 * SCOPES.length);
        assert.ok(
          found.every((cell) => cell.includes("planted")),
          found.join(),
        );
      } finally {
        await owner.end();
        await run(database.owner, "drop table slipway.planted");
      }
    },
  ],
  [
    "the directory's role reads the active keys' columns and nothing else",
    async ({ tables, client }) => {
      const as = async (text: string): Promise<number | null> => {
        await client.query("begin; set local role slipway_directory");
        try {
          return (await client.query(text)).rowCount;
        } finally {
          await client.query("rollback");
        }
      };
      assert.equal(await as("select tenant_id, id, name, hash, revoked_at from slipway.api_keys"), 2);
      const columns = "role, scopes, expires_at, user_id, previous_hash, previous_expires_at";
      assert.equal(await as(`select ${columns} from slipway.api_keys`), 2);
      assert.equal(await as("select tenant_id, id, email, name, role, disabled_at from slipway.users"), 2);
      assert.equal(await as("select tenant_id, name, created_at from slipway.tenants"), 2);
      assert.equal(await as("select tenant_id, name, spec from slipway.routes"), 2);
      assert.equal(await as("select tenant_id, provider, version from slipway.provider_keys"), 2);
      assert.equal(await as("select tenant_id, name, spec from slipway.limits"), 2);
      assert.equal(await as("select tenant_id, name, version, hash from slipway.agents"), 2);
      assert.equal(await as("select version from slipway.directory_version"), 1);
      assert.equal(await as("select tenant_id, id, arrival from slipway.audit_pending"), 2);
      assert.equal(await as("select tenant_id, seq, position from slipway.audit_chain"), 2);
      assert.equal(await as("select tenant_id, size, position, at from slipway.audit_checkpoints"), 2);
      const refused = [
        "select prefix from slipway.api_keys",
        "select * from slipway.api_keys",
        "select last_used_at from slipway.api_keys",
        "select created_at from slipway.users",
        "update slipway.users set role = 'owner'",
        "delete from slipway.users",
        "insert into slipway.tenants (tenant_id, name) values ('planted', 'x')",
        "update slipway.api_keys set revoked_at = null",
        "update slipway.directory_version set version = 0",
        "delete from slipway.schema_migrations",
        "select created_at from slipway.routes",
        "delete from slipway.routes",
        ...tables.filter(({ name }) => !READ_BY_DIRECTORY.has(name)).map(({ name }) => `select from slipway.${name}`),
        "select sealed from slipway.provider_keys",
        "delete from slipway.provider_keys",
        "select user_id from slipway.agents",
        "delete from slipway.agents",
        "select record_hash from slipway.audit_chain",
        "delete from slipway.audit_pending",
        "select note from slipway.audit_checkpoints",
      ];
      for (const text of refused) await assert.rejects(as(text), { code: "42501" }, text);
    },
  ],
];

for (const backend of BACKENDS) {
  test(`row level security on ${backend.name}`, async (t) => {
    const database = await backend.open(t);
    if (!database) return;
    const store = createStore({ connection: database.connection });
    await fill(store);
    await store.close();
    const client = await connect(database.connection);
    later(t, () => client.end());
    const owner = await connect(database.owner);
    later(t, () => owner.end());
    const tables = await tablesOf(owner);
    for (const [name, check] of CHECKS) await t.test(name, () => check({ tables, database, client }));
  });
}
