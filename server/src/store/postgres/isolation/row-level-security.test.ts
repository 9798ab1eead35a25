import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type pg from "pg";
import { createStore } from "../../create-store.ts";
import type { Store } from "../../store.ts";
import { BACKENDS, connect, later, run, type TestDatabase } from "../../testing/databases.ts";

// Raw SQL as the server's role, without any `where tenant_id = …`: what is left is what the database itself keeps apart.

const TABLES = [
  "tenants",
  "subjects",
  "api_keys",
  "threads",
  "messages",
  "runs",
  "usage_ledger",
  "audit_records",
  "routes",
  "idempotency_records",
  "kept_answers",
  "users",
] as const;

/** A row of another tenant for each table; `id` is new in it. */
const ROWS: Readonly<Record<string, string>> = {
  tenants: "(tenant_id, name) values ('planted', 'x')",
  subjects: "(tenant_id, subject, wrapped_key) values ('victim', 'planted', 'x')",
  api_keys: `(tenant_id, id, name, prefix, hash) values ('victim', 'planted', 'x', 'x', '\\x${"00".repeat(32)}')`,
  users: "(tenant_id, id, email, name, role) values ('victim', 'planted', 'planted@example.com', 'x', 'viewer')",
  threads: "(tenant_id, id) values ('victim', 'planted')",
  messages: "(tenant_id, thread_id, id, role, content) values ('victim', 'thr_1', 'planted', 'user', 'x')",
  runs: "(tenant_id, id, agent, thread_id) values ('victim', 'planted', 'x', 'thr_1')",
  usage_ledger:
    "(tenant_id, id, request_id, key_id, provider, model, input_tokens, cached_read_tokens, cache_write_tokens, " +
    "output_tokens, reasoning_tokens, source, outcome, at) values ('victim', 'planted', 'x', 'x', 'x', 'x', 0, 0, 0, 0, 0, 'none', 'ok', now())",
  routes: "(tenant_id, name, spec) values ('victim', 'planted', '{}')",
  idempotency_records: `(tenant_id, key_hash, fingerprint, owner, leased_until, expires_at) values ('victim', '\\x${"01".repeat(32)}', '\\x${"00".repeat(32)}', 'x', now(), now())`,
  kept_answers: "(tenant_id, id, item_ids, content, expires_at) values ('victim', 'planted', '{}', 'x', now())",
  audit_records:
    "(tenant_id, id, actor, action, target, outcome, request_id, release, at) values ('victim', 'planted', 'x', 'x', 'x', 'ok', 'x', 'x', now())",
};

const SCOPES: readonly (readonly [string, string | undefined])[] = [
  ["with another tenant set", "attacker"],
  ["with no tenant set", undefined],
  ["with an empty tenant set", ""],
];

type Verb = "select" | "insert" | "update" | "delete";

function statement(table: string, verb: Verb): string {
  switch (verb) {
    case "select":
      return `select tenant_id from slipway.${table} where tenant_id <> 'attacker'`;
    case "insert":
      return `insert into slipway.${table} ${ROWS[table] ?? ""}`;
    case "update":
      return `update slipway.${table} set tenant_id = tenant_id where tenant_id <> 'attacker'`;
    case "delete":
      return `delete from slipway.${table} where tenant_id <> 'attacker'`;
  }
}

/** Rows of another tenant that the statement saw or touched. A refusal by the database is none. */
async function touched(client: pg.Client, table: string, verb: Verb, tenantId: string | undefined): Promise<number> {
  await client.query("begin");
  try {
    await client.query("set local role slipway_app");
    if (tenantId !== undefined) await client.query("select set_config('slipway.tenant_id', $1, true)", [tenantId]);
    return (await client.query(statement(table, verb))).rowCount ?? 0;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    // No grant, or refused by the policy.
    if (code === "42501") return 0;
    // The row was reached; only a row that refers to it held it.
    if (code === "23503") return 1;
    throw error;
  } finally {
    await client.query("rollback");
  }
}

/** Every cell of the matrix in which a row was seen or touched. */
async function leaks(client: pg.Client, tables: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const table of tables) {
    for (const verb of ["select", "insert", "update", "delete"] as const) {
      for (const [scope, tenantId] of SCOPES) {
        const rows = await touched(client, table, verb, tenantId);
        if (rows > 0) found.push(`${verb} ${table} ${scope}: ${rows}`);
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
    await store.runs.create(tenantId, { id: "run_1", agent: "x", threadId: "thr_1" });
    const line = { id: "1", tenantId, requestId: "x", at: new Date() };
    const usage = { input: 1, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
    await store.usageLedger.append([
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
    await store.idempotency.claim(
      tenantId,
      { keyHash: Buffer.alloc(32), owner: "x" },
      { fingerprint: Buffer.alloc(32), leaseMs: 60_000, ttlMs: 60_000 },
    );
    await store.keptAnswers.put(tenantId, {
      id: "answer_1",
      previousId: null,
      itemIds: [],
      content: randomBytes(8),
      expiresAt: new Date(Date.now() + 60_000),
    });
    await store.auditRecords.append([
      { ...line, actor: "x", action: "x", target: "x", outcome: "ok", code: null, release: "x" },
    ]);
  }
}

interface Matrix {
  readonly database: TestDatabase;
  /** Under the server's login. */
  readonly client: pg.Client;
}

const CHECKS: readonly (readonly [string, (matrix: Matrix) => Promise<void>])[] = [
  [
    "the matrix covers every table that has a tenant, and each holds a row to be stolen",
    async ({ database, client }) => {
      const found = await run(
        database.owner,
        `select table_name from information_schema.columns where table_schema = 'slipway' and column_name = 'tenant_id' order by 1`,
      );
      assert.deepEqual(
        found.map((row) => row.table_name),
        TABLES.toSorted(),
      );
      for (const table of TABLES) {
        await client.query("begin; set local role slipway_app; set local slipway.tenant_id = 'victim'");
        const { rowCount } = await client.query(`select from slipway.${table}`);
        await client.query("rollback");
        assert.equal(rowCount, 1, table);
      }
    },
  ],
  [
    "no verb sees or touches a row of another tenant",
    async ({ client }) => {
      assert.deepEqual(await leaks(client, TABLES), []);
    },
  ],
  [
    "nor would it if the role had been granted every right by mistake",
    async ({ database, client }) => {
      await run(database.owner, "grant select, insert, update, delete on all tables in schema slipway to slipway_app");
      assert.deepEqual(await leaks(client, TABLES), []);
    },
  ],
  [
    "control: without row level security every cell of the matrix is red",
    async ({ database, client }) => {
      for (const table of TABLES) {
        await run(database.owner, `alter table slipway.${table} disable row level security`);
        const found = await leaks(client, [table]);
        await run(database.owner, `alter table slipway.${table} enable row level security`);
        for (const verb of ["select", "insert", "update", "delete"]) {
          assert.equal(found.filter((cell) => cell.startsWith(verb)).length, SCOPES.length, `${verb} ${table}`);
        }
      }
      assert.deepEqual(await leaks(client, TABLES), []);
    },
  ],
  [
    "control: a table made without it is red",
    async ({ database, client }) => {
      await run(
        database.owner,
        "create table slipway.planted (tenant_id text, name text); insert into slipway.planted values ('victim', 'x'); " +
          "grant select, update, delete on slipway.planted to slipway_app",
      );
      const seen = await touched(client, "planted", "select", "attacker");
      await run(database.owner, "drop table slipway.planted");
      assert.equal(seen, 1);
    },
  ],
  [
    "the directory's role reads the active keys' columns and nothing else",
    async ({ client }) => {
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
      assert.equal(await as("select version from slipway.directory_version"), 1);
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
        ...TABLES.filter((table) => !["api_keys", "routes", "users", "tenants"].includes(table)).map(
          (table) => `select from slipway.${table}`,
        ),
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
    for (const [name, check] of CHECKS) await t.test(name, () => check({ database, client }));
  });
}
