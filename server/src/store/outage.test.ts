import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { DatabaseConnection } from "./connection.ts";
import { createStore } from "./create-store.ts";
import { startEmbeddedDatabase } from "./embedded/start.ts";
import { migrate } from "./migrate.ts";
import type { PoolLimits } from "./postgres/pool.ts";
import type { Store } from "./store.ts";
import { connect, embeddedFolder, later, run, urlFor } from "./testing/databases.ts";
import { privatePostgres, type PrivatePostgres } from "./testing/private-postgres.ts";

const limits: PoolLimits = {
  size: 2,
  acquireTimeoutMs: 600,
  maxWaiting: 5,
  statementTimeoutMs: 500,
  idleTimeoutMs: 60_000,
};
/** For verbs that have to succeed, whatever else the machine does. */
const PATIENT: PoolLimits = { ...limits, acquireTimeoutMs: 20_000, statementTimeoutMs: 20_000 };
/** Waiting for a connection, then for the statement, the second of grace, and a busy machine: what is not bounded waits for ever. */
const BOUND_MS = limits.acquireTimeoutMs + limits.statementTimeoutMs + 1000 + 15_000;

async function failsInTime(verb: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await assert.rejects(verb, (error: Error) => {
    assert.ok("code" in error && error.code === "database_unavailable", error.message);
    assert.ok("retryAfter" in error && Number(error.retryAfter) > 0);
    assert.doesNotMatch(error.message, /select|insert|set_config/i);
    return true;
  });
  const took = performance.now() - began;
  assert.ok(took < BOUND_MS, `${Math.round(took)} ms`);
}

async function recovers(verb: () => Promise<unknown>): Promise<void> {
  const until = performance.now() + 10_000;
  for (;;) {
    try {
      await verb();
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await sleep(50);
    }
  }
}

interface Outage {
  readonly postgres: PrivatePostgres;
  readonly owner: DatabaseConnection;
  readonly connection: DatabaseConnection;
  readonly store: Store;
  readonly verb: () => Promise<unknown>;
}

/** What happens to one server, in this order. */
const EVENTS: readonly (readonly [string, (outage: Outage) => Promise<void>])[] = [
  [
    "frozen: verbs fail within the bound, on the connection at hand and on new ones, and so does ready",
    async ({ postgres, store, verb }) => {
      await postgres.freeze();
      for (let n = 0; n < 3; n += 1) await failsInTime(verb);
      await Promise.all(Array.from({ length: 5 }, () => failsInTime(verb)));
      const began = performance.now();
      await assert.rejects(store.ready(300), { code: "database_unavailable", message: /within 300 ms/ });
      assert.ok(performance.now() - began < BOUND_MS);
    },
  ],
  [
    "frozen and crowded: whoever finds the queue full is refused at once",
    async ({ verb }) => {
      const began = performance.now();
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => verb()));
      const messages = outcomes.map((outcome) => (outcome.status === "rejected" ? String(outcome.reason) : "worked"));
      const atOnce = messages.filter((message) => message.includes("Too many requests wait for the database"));
      assert.ok(atOnce.length >= 20 - limits.size - limits.maxWaiting, messages.join("\n"));
      assert.ok(!messages.includes("worked"));
      assert.ok(performance.now() - began < BOUND_MS);
    },
  ],
  [
    "thawed: the pool recovers by itself",
    async ({ postgres, store, verb }) => {
      await postgres.thaw();
      await recovers(verb);
      await recovers(() => Promise.all(Array.from({ length: 5 }, verb)));
      await store.ready(20_000);
    },
  ],
  [
    "restarted: verbs fail while it is away and work when it is back",
    async ({ postgres, store, verb }) => {
      await postgres.stop();
      await failsInTime(verb);
      await assert.rejects(store.ready(2000), { code: "database_unavailable" });
      await postgres.start();
      await recovers(async () => assert.equal((await store.threads.list("t", { limit: 9 })).length, 1));
    },
  ],
  [
    "restarted while connections idle: the first verbs work",
    async ({ postgres, connection }) => {
      const patient = createStore({ connection, limits: PATIENT });
      const verb = (): Promise<unknown> => patient.threads.list("t", { limit: 1 });
      await Promise.all([verb(), verb()]);
      await postgres.stop();
      await postgres.start();
      // The pool has been told that its connections broke.
      await sleep(100);
      await verb();
      await patient.close();
    },
  ],
  [
    "a connection that an administrator cuts in the middle of a statement fails with unavailable",
    async ({ owner, verb }) => {
      const holder = await connect(owner);
      await holder.query("begin");
      await holder.query("lock table slipway.threads");
      const waiting = failsInTime(verb);
      await sleep(150);
      await holder.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'server' and state = 'active'",
      );
      await waiting;
      await holder.query("rollback");
      await holder.end();
      await recovers(verb);
    },
  ],
  [
    "a statement that waits too long is ended by the database, and its connection is kept",
    async ({ owner, verb }) => {
      const holder = await connect(owner);
      const backends = async () =>
        (await run(owner, "select pid from pg_stat_activity where usename = 'server' order by pid")).map(
          (row) => row.pid,
        );
      await recovers(() => Promise.all([verb(), verb()]));
      const before = await backends();
      await holder.query("begin");
      await holder.query("lock table slipway.threads");
      await failsInTime(verb);
      await holder.query("rollback");
      await holder.end();
      await recovers(verb);
      assert.deepEqual(await backends(), before);
    },
  ],
  [
    "a server without a free connection is unavailable",
    async ({ owner, connection }) => {
      await run(owner, "alter role server connection limit 0");
      const other = createStore({ connection, limits });
      await failsInTime(() => other.threads.list("t", { limit: 1 }));
      await other.close();
      await run(owner, "alter role server connection limit -1");
    },
  ],
  [
    "a failed transaction leaves nothing behind for the next user of its connection",
    async ({ store }) => {
      await recovers(() => store.tenants.ensure("other", "Other"));
      await assert.rejects(store.threads.create("t", { id: "thr_1", agent: null }), { code: "conflict" });
      for (let n = 0; n < 4; n += 1) assert.deepEqual(await store.threads.list("other", { limit: 1 }), []);
      assert.equal((await store.threads.list("t", { limit: 9 })).length, 1);
    },
  ],
  [
    "closing does not wait for a frozen server",
    async ({ postgres, store }) => {
      await postgres.freeze();
      const began = performance.now();
      await store.close();
      assert.ok(performance.now() - began < BOUND_MS);
      await postgres.thaw();
    },
  ],
];

test("a PostgreSQL server that freezes, stops and comes back", async (t) => {
  const postgres = await privatePostgres(t);
  if (!postgres) return;
  const owner: DatabaseConnection = { engine: "postgresql", url: postgres.url };

  await t.test("new: three databases of it are migrated at once, though each wants to make the roles", async () => {
    for (const name of ["one", "two"]) await run(owner, `create database ${name}`);
    const urls = [postgres.url, ...["one", "two"].map((database) => urlFor(postgres.url, { database }))];
    const results = await Promise.all(urls.map((url) => migrate({ engine: "postgresql", url })));
    assert.ok(results.every(({ applied }) => applied.length > 0));
  });

  await run(owner, "create role server login noinherit");
  await migrate(owner, { grantTo: "server" });
  const connection: DatabaseConnection = { engine: "postgresql", url: urlFor(postgres.url, { login: "server" }) };
  const setUp = createStore({ connection, limits: PATIENT });
  await setUp.tenants.ensure("t", "T");
  await setUp.threads.create("t", { id: "thr_1", agent: null });
  await setUp.close();
  const store = createStore({ connection, limits });
  const verb = (): Promise<unknown> => store.threads.list("t", { limit: 1 });
  // What it asks once, at its first use, it has asked.
  await recovers(verb);
  for (const [name, event] of EVENTS) await t.test(name, () => event({ postgres, owner, connection, store, verb }));
});

test("an embedded database that freezes and goes on", async (t) => {
  const database = await startEmbeddedDatabase({ dataDir: await embeddedFolder(t) });
  later(t, () => database.stop());
  await migrate(database.connection);
  const store = createStore({ connection: database.connection, limits });
  later(t, () => store.close());
  await recovers(() => store.tenants.ensure("t", "T"));
  process.kill(database.pid, "SIGSTOP");
  for (let n = 0; n < 2; n += 1) await failsInTime(() => store.threads.list("t", { limit: 1 }));
  await Promise.all(
    [1, 2, 3].map((n) => failsInTime(() => store.threads.create("t", { id: `thr_${n}`, agent: null }))),
  );
  process.kill(database.pid, "SIGCONT");
  await recovers(() => store.threads.create("t", { id: "thr_new", agent: null }));
  await store.ready(20_000);
});

test("an address at which nothing listens is unavailable within the bound, and says no password", async () => {
  const store = createStore({
    connection: { engine: "postgresql", url: "postgresql://x:hunter2@127.0.0.1:1/x" },
    limits,
  });
  await failsInTime(() => store.threads.list("t", { limit: 1 }));
  await assert.rejects(
    store.ready(1000),
    (error: Error) => !JSON.stringify(error, Object.getOwnPropertyNames(error)).includes("hunter2"),
  );
  await store.close();
});
