import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createStore } from "../create-store.ts";
import type { DatabaseConnection } from "../connection.ts";
import { migrate } from "../migrate.ts";
import { connect, embeddedFolder, later, run } from "../testing/databases.ts";
import { processScope, processStart } from "./process-identity.ts";
import { makeSocketDir, SOCKET_NAME } from "./socket-dir.ts";
import { startEmbeddedDatabase } from "./start.ts";

const SERVER = new URL("../testing/embedded-server.ts", import.meta.url);

async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  for (let waited = 0; waited < ms; waited += 20) {
    if (await holds()) return;
    await sleep(20);
  }
  assert.fail(`not within ${ms} ms: ${what}`);
}

const gone = async (pid: number): Promise<boolean> => (await processStart(pid)) === undefined;

interface Running {
  readonly server: ChildProcess;
  readonly childPid: number;
  readonly threadId: string;
  confirmed(): number;
}

/** A server in a process of its own that writes without a pause. */
async function writingServer(folder: string): Promise<Running> {
  const server = fork(SERVER, [folder], { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  let confirmed = 0;
  const started = new Promise<{ childPid: number; threadId: string }>((resolve, reject) => {
    server.on("message", (message: { confirmed?: number; childPid?: number; threadId?: string }) => {
      if (message.confirmed !== undefined) confirmed = message.confirmed;
      if (message.childPid !== undefined && message.threadId !== undefined) {
        resolve({ childPid: message.childPid, threadId: message.threadId });
      }
    });
    server.on("exit", () => reject(new Error("the server ended before it was ready")));
  });
  return { server, ...(await started), confirmed: () => confirmed };
}

async function messageCount(connection: DatabaseConnection, threadId: string): Promise<number> {
  const [row] = await run(
    connection,
    `select count(*)::int as n from slipway.messages where thread_id = '${threadId}'`,
  );
  return Number(row?.n);
}

test("a later start makes no new cluster and keeps the data", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "slipway-data-"));
  later(t, () => rm(dataDir, { recursive: true, force: true }));
  const times: number[] = [];
  const clusters = new Set<number>();
  for (let n = 0; n < 4; n += 1) {
    const began = performance.now();
    const database = await startEmbeddedDatabase({ dataDir });
    times.push(performance.now() - began);
    if (n === 0) await run(database.connection, "create table kept (n int); insert into kept values (42)");
    assert.deepEqual(await run(database.connection, "select n from kept"), [{ n: 42 }]);
    await database.stop();
    clusters.add((await stat(join(dataDir, "pglite/PG_VERSION"))).ino);
  }
  const [first = 0, ...others] = times;
  assert.equal(clusters.size, 1);
  t.diagnostic(`first start ${Math.round(first)} ms, later ${Math.round(Math.min(...others))} ms`);
});

test("an embedded database from its start to an orderly stop", async (t) => {
  const dataDir = await embeddedFolder(t);
  const crashes: string[] = [];
  const database = await startEmbeddedDatabase({ dataDir, onCrash: (reason) => crashes.push(reason) });
  const { connection, pid } = database;
  assert.ok(connection.engine === "embedded");

  await t.test("its folders are closed to other users", async () => {
    assert.equal((await stat(dataDir)).mode & 0o777, 0o700);
    assert.equal((await stat(connection.socketDir)).mode & 0o777, 0o700);
  });

  await t.test("a second start is refused at once with the number of the process, and the first goes on", async () => {
    const began = performance.now();
    await assert.rejects(startEmbeddedDatabase({ dataDir }), {
      code: "database_unavailable",
      message: `The data folder ${dataDir} is used by process ${pid}.`,
      hint: new RegExp(`process ${process.pid}`),
    });
    assert.ok(performance.now() - began < 5000);
    assert.deepEqual(await run(connection, "select 1 as n"), [{ n: 1 }]);
  });

  await t.test("Ctrl-C and TERM to the whole group leave the database to its server", async () => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(pid, signal);
    await sleep(200);
    assert.deepEqual(await run(connection, "select 1 as n"), [{ n: 1 }]);
  });

  await t.test("two connections at once do not mix, and a transaction that breaks off is rolled back", async () => {
    const [a, b] = [await connect(connection), await connect(connection)];
    for (let n = 0; n < 100; n += 1) {
      const answers = [a.query("select $1::int as n", [n]), b.query("select $1::text as n", [`b${n}`])] as const;
      const [x, y] = await Promise.all(answers);
      assert.deepEqual([x.rows, y.rows], [[{ n }], [{ n: `b${n}` }]]);
    }
    await a.query("create table broken_off (n int)");
    await a.query("begin");
    await a.query("insert into broken_off values (1)");
    a.connection.stream.destroy();
    assert.deepEqual((await b.query("select n from broken_off")).rows, []);
    await b.end();
  });

  await t.test("an orderly stop is no crash, may be asked for twice, and leaves no lock and no socket", async () => {
    assert.ok((await readdir(dataDir)).includes("lock"));
    await database.stop();
    await database.stop();
    assert.deepEqual(crashes, []);
    assert.ok(await gone(pid));
    assert.deepEqual(await readdir(dataDir), ["pglite"]);
    await assert.rejects(stat(connection.socketDir), { code: "ENOENT" });
  });
});

test("everything confirmed before the database process was killed is there afterwards", async (t) => {
  const dataDir = await embeddedFolder(t);
  for (let round = 0; round < 3; round += 1) {
    const running = await writingServer(dataDir);
    await until("50 messages", () => running.confirmed() >= 50);
    process.kill(running.childPid, "SIGKILL");
    const exit = new Promise((resolve) => running.server.once("exit", resolve));
    await exit;
    const confirmed = running.confirmed();
    const database = await startEmbeddedDatabase({ dataDir });
    const kept = await messageCount(database.connection, running.threadId);
    await database.stop();
    assert.ok(kept === confirmed || kept === confirmed + 1, `confirmed ${confirmed}, kept ${kept}`);
  }
});

test("when the server is killed its database process ends, and what was confirmed is there for the next server", async (t) => {
  const dataDir = await embeddedFolder(t);
  const running = await writingServer(dataDir);
  await until("50 messages", () => running.confirmed() >= 50);
  running.server.kill("SIGKILL");
  // Not waiting for the orphan: the start itself must wait until it has let go.
  const database = await startEmbeddedDatabase({ dataDir });
  later(t, () => database.stop());
  assert.ok(await gone(running.childPid));
  const kept = await messageCount(database.connection, running.threadId);
  assert.ok(kept >= running.confirmed(), `confirmed ${running.confirmed()}, kept ${kept}`);
});

test("a kill of both at once loses nothing that was confirmed, and the stale lock is taken over", async (t) => {
  const dataDir = await embeddedFolder(t);
  const running = await writingServer(dataDir);
  await until("50 messages", () => running.confirmed() >= 50);
  process.kill(running.childPid, "SIGSTOP");
  running.server.kill("SIGKILL");
  process.kill(running.childPid, "SIGKILL");
  await until("both are gone", () => gone(running.childPid));
  assert.ok((await readdir(dataDir)).includes("lock"), "the lock of the dead is there");
  const database = await startEmbeddedDatabase({ dataDir });
  later(t, () => database.stop());
  assert.ok((await messageCount(database.connection, running.threadId)) >= running.confirmed());
});

test("locks that lie in the folder at a start", async (t) => {
  const dataDir = await embeddedFolder(t);

  await t.test("of five that start at once on a stale lock one gets the folder", async () => {
    const scope = await processScope();
    const dead = { pid: 2 ** 22 - 1, start: "1", parentPid: 1, parentStart: "1", scope, socketDir: "/nonexistent" };
    await writeFile(join(dataDir, "lock"), JSON.stringify(dead));
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => startEmbeddedDatabase({ dataDir })));
    const won = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    for (const database of won) await database.stop();
    assert.equal(won.length, 1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") assert.match(String(outcome.reason), /is used by process/);
    }
  });

  await t.test("a number that was given to another process does not count as the lock's holder", async () => {
    const holder = {
      pid: process.pid,
      start: "not mine",
      parentPid: process.ppid,
      parentStart: "",
      scope: await processScope(),
      socketDir: "/nonexistent",
    };
    await writeFile(join(dataDir, "lock"), JSON.stringify(holder));
    const database = await startEmbeddedDatabase({ dataDir });
    assert.match(await readFile(join(dataDir, "lock"), "utf8"), new RegExp(`"pid":${database.pid},`));
    await database.stop();
  });

  await t.test(
    "a lock of another container is respected while it shows life, and taken over when it is silent",
    async () => {
      const lock = join(dataDir, "lock");
      const holder = {
        pid: 7,
        start: "1",
        parentPid: 1,
        parentStart: "1",
        scope: "another machine",
        socketDir: "/nonexistent",
      };
      await writeFile(lock, JSON.stringify(holder));
      const beat = setInterval(() => void writeFile(lock, JSON.stringify(holder)), 500);
      await assert.rejects(startEmbeddedDatabase({ dataDir }), /is used by process 7/);
      clearInterval(beat);
      await sleep(100);
      const database = await startEmbeddedDatabase({ dataDir });
      await database.stop();
    },
  );

  await t.test("a lock that a full disk left empty is taken over", async () => {
    await writeFile(join(dataDir, "lock"), "");
    const database = await startEmbeddedDatabase({ dataDir });
    await database.stop();
  });
});

test("a first start that was killed half way is started over", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "slipway-data-"));
  later(t, () => rm(dataDir, { recursive: true, force: true }));
  await mkdir(join(dataDir, "pglite.new"));
  await writeFile(join(dataDir, "pglite.new", "PG_VERSION"), "18\n");
  const database = await startEmbeddedDatabase({ dataDir });
  assert.deepEqual(await run(database.connection, "select 1 as n"), [{ n: 1 }]);
  await database.stop();
  assert.deepEqual(await readdir(dataDir), ["pglite"]);
});

test("a crash is told, and verbs fail with database_unavailable", async (t) => {
  const crashes: string[] = [];
  const database = await startEmbeddedDatabase({
    dataDir: await embeddedFolder(t),
    onCrash: (reason) => crashes.push(reason),
  });
  await migrate(database.connection);
  const store = createStore({ connection: database.connection });
  await store.tenants.ensure("t", "T");
  process.kill(database.pid, "SIGKILL");
  await until("the crash is told", () => crashes.length > 0);
  assert.match(crashes.join(), /has stopped: it was ended by SIGKILL/);
  const { connection } = database;
  assert.ok(connection.engine === "embedded");
  await until("its socket is removed", async () => !(await readdir(tmpdir())).includes(basename(connection.socketDir)));
  for (let n = 0; n < 3; n += 1) {
    await assert.rejects(store.threads.list("t", { limit: 1 }), { code: "database_unavailable" });
  }
  await store.close();
  await database.stop();
  assert.equal(crashes.length, 1);
});

test("a start that fails says what the database said", async (t) => {
  const dataDir = await embeddedFolder(t);
  await rm(join(dataDir, "pglite", "global"), { recursive: true });
  await assert.rejects(startEmbeddedDatabase({ dataDir }), { code: "database_unavailable" });
  const blocked = join(dataDir, "file");
  await writeFile(blocked, "");
  await assert.rejects(startEmbeddedDatabase({ dataDir: join(blocked, "data") }), {
    code: "database_unavailable",
    message: /ENOTDIR/,
  });
});

test("a socket folder too deep for a socket is made in /tmp instead", async (t) => {
  const deep = join(tmpdir(), "slipway-deep", "d".repeat(80));
  await mkdir(deep, { recursive: true });
  later(t, () => rm(join(tmpdir(), "slipway-deep"), { recursive: true, force: true }));
  const made = await makeSocketDir(deep);
  later(t, () => rm(made, { recursive: true, force: true }));
  assert.ok(made.startsWith("/tmp/slipway-"));
  assert.ok(Buffer.byteLength(join(made, SOCKET_NAME)) <= 103);
  const short = await makeSocketDir("/tmp");
  later(t, () => rm(short, { recursive: true, force: true }));
  assert.equal((await stat(short)).mode & 0o777, 0o700);
});
