import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import {
  ask,
  chat,
  childrenOf,
  connectionsOf,
  isWhole,
  migratedDatabase,
  readyCount,
  startWorkers,
  until,
  workersThatServed,
} from "./support/workers.ts";

const MAIN = resolve(import.meta.dirname, "../server/src/main.ts");
const WORKERS = 4;
const STREAMS = 50;

/** Whether a process was there to be sent a signal; 0 sends none (kill(2)). */
function signalled(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

test("SIGTERM under 50 streams on four workers truncates none, and the server ends with 0", async (t) => {
  const [server] =
    (await startWorkers(t, { workers: WORKERS, env: { MOCK_TOKEN_DELAY_MS: "300", DRAIN_TIMEOUT_SECONDS: "60" } })) ??
    [];
  if (!server) return;
  const streams = await Promise.all(times(STREAMS, () => chat(server, 20, true)));
  const texts = streams.map((stream) => stream.text());
  const workers = await childrenOf(server.pid);
  assert.equal(workers.length, WORKERS);
  server.kill("SIGTERM");
  const whole = (await Promise.all(texts)).filter(isWhole);
  assert.equal(whole.length, STREAMS);
  assert.equal(await server.exited, 0, server.output());
  assert.deepEqual(workersThatServed(server), new Set([1, 2, 3, 4]));
});

test("control: without a grace period streams are cut, the check above sees it, and the server ends with 1", async (t) => {
  const [server] =
    (await startWorkers(t, { workers: WORKERS, env: { MOCK_TOKEN_DELAY_MS: "500", DRAIN_TIMEOUT_SECONDS: "0" } })) ??
    [];
  if (!server) return;
  const streams = await Promise.all(times(STREAMS, () => chat(server, 20, true)));
  const texts = streams.map((stream) => stream.text().catch(() => "cut"));
  server.kill("SIGTERM");
  const whole = (await Promise.all(texts)).filter(isWhole);
  assert.ok(whole.length < STREAMS, "a cut stream passed for a whole one");
  assert.equal(await server.exited, 1);
});

test("a worker that is killed takes its own streams with it and no others, and a new one comes", async (t) => {
  const [server] = (await startWorkers(t, { workers: WORKERS, env: { MOCK_TOKEN_DELAY_MS: "400" } })) ?? [];
  if (!server) return;
  const streams = await Promise.all(times(STREAMS, () => chat(server, 30, true)));
  const texts = streams.map((stream) => stream.text().catch(() => "cut"));
  const before = await childrenOf(server.pid);
  // How many streams each holds is the kernel's and the machine's affair: on a busy one a worker may hold more than half.
  const held = await Promise.all(before.map((pid) => connectionsOf(pid, server)));
  assert.equal(
    held.reduce((sum, count) => sum + count, 0),
    STREAMS,
    "every stream is some worker's",
  );
  const most = held.indexOf(Math.max(...held));
  const victim = before[most] ?? 0;
  process.kill(victim, "SIGKILL");
  await until("its end is known", () => server.output().includes("a worker has ended and is started again"));
  // While the new one begins nobody is given a connection that it cannot answer.
  const meanwhile = new Set<number>();
  await until(
    "a new one is ready",
    async () => {
      const asked = times(8, async () => meanwhile.add((await chat(server, 1, false)).status));
      await Promise.all(asked);
      return readyCount(server) === WORKERS + 1;
    },
    0,
  );
  assert.deepEqual(meanwhile, new Set([200]));
  // What the killed one served is cut, and seen to be (it served some), and nothing else is.
  const whole = (await Promise.all(texts)).filter(isWhole).length;
  assert.equal(whole, STREAMS - (held[most] ?? 0));
  const after = await childrenOf(server.pid);
  assert.equal(after.length, WORKERS);
  assert.ok(!after.includes(victim));
  assert.match(await (await ask(server, "/metrics")).text(), /^slipway_worker_restarts_total 1$/m);
  assert.equal(await server.stop(), 0);
});

test("a connection that was on its way to a worker when it was killed is closed, and none waits for nothing", async (t) => {
  const [server] = (await startWorkers(t, { workers: 2 })) ?? [];
  if (!server) return;
  const [frozen = 0] = await childrenOf(server.pid);
  process.kill(frozen, "SIGSTOP");
  const asked = times(40, () =>
    ask(server, "/health").then(
      ({ status }) => status,
      () => "closed",
    ),
  );
  const served = new Set<Promise<unknown>>();
  for (const one of asked) void one.then(() => served.add(one));
  // Control: exactly one lies with the frozen worker, which took no further one; the other worker has answered the rest.
  await until("the other worker has answered", () => served.size === asked.length - 1);
  process.kill(frozen, "SIGKILL");
  const answers = await Promise.all(asked);
  assert.equal(answers.filter((answer) => answer === 200).length, asked.length - 1);
  assert.equal(answers.filter((answer) => answer === "closed").length, 1);
});

test("workers that end again and again are not started for ever: the server gives up with 1", async (t) => {
  const [server] = (await startWorkers(t, { workers: 2 })) ?? [];
  if (!server) return;
  let over = false;
  void server.exited.then(() => (over = true));
  await until("the server has given up", async () => {
    if (over) return true;
    for (const pid of await childrenOf(server.pid)) signalled(pid, "SIGKILL");
    return false;
  });
  assert.equal(await server.exited, 1);
  assert.match(server.output(), /workers end again and again/);
  assert.equal(server.output().match(/is started again/g)?.length, 10);
});

test("workers whose keeper is killed finish their streams and end", async (t) => {
  const [server] = (await startWorkers(t, { workers: 2, env: { MOCK_TOKEN_DELAY_MS: "60" } })) ?? [];
  if (!server) return;
  const streams = await Promise.all(times(20, () => chat(server, 20, true)));
  const texts = streams.map((stream) => stream.text().catch(() => "cut"));
  const workers = await childrenOf(server.pid);
  server.kill("SIGKILL");
  assert.equal((await Promise.all(texts)).filter(isWhole).length, 20);
  await until("no worker is left", () => !workers.some((pid) => signalled(pid, 0)));
});

test("a key that was made or revoked through one worker is so on all, and so is the console's session", async (t) => {
  const [server] = (await startWorkers(t, { workers: WORKERS })) ?? [];
  if (!server) return;
  const made = await ask(server, "/api/v1/api-keys", { body: { name: "ci" } });
  const { id, key } = JSON.parse(await made.text()) as { id: string; key: string };
  const statuses = async (headers: Record<string, string>): Promise<Set<number>> => {
    const asked = await Promise.all(times(24, () => ask(server, "/v1/models", { headers })));
    return new Set(asked.map(({ status }) => status));
  };
  const all = async (status: number, headers: Record<string, string>): Promise<boolean> => {
    const found = await statuses(headers);
    return found.size === 1 && found.has(status);
  };
  const use = { authorization: `Bearer ${key}` };
  await until("the key is in force everywhere", () => all(200, use));
  const opened = await ask(server, "/api/v1/session", { headers: { origin: server.url }, body: { apiKey: key } });
  const session = { authorization: "", cookie: String(opened.headers["set-cookie"]?.[0]).split(";")[0] ?? "" };
  // Which workers the requests above came to is chance: one of them may hear of the key only now.
  await until("its session holds everywhere", () => all(200, session));
  assert.equal((await ask(server, `/api/v1/api-keys/${id}`, { method: "DELETE" })).status, 204);
  await until("the key is revoked everywhere", () => all(401, use));
  await until("its session has ended everywhere", () => all(401, session));
});

test("a route that is made or removed through one worker is so on all", async (t) => {
  const [server] = (await startWorkers(t, { workers: WORKERS })) ?? [];
  if (!server) return;
  const listed = async (): Promise<number> => {
    const texts = await Promise.all(times(24, async () => (await ask(server, "/v1/models")).text()));
    return texts.filter((text) => text.includes('"of-all-workers"')).length;
  };
  const path = "/api/v1/routes/of-all-workers";
  const made = await ask(server, path, { method: "PUT", body: { targets: [{ target: "mock/mock-1" }] } });
  assert.ok(made.status < 300, await made.text());
  await until("the route is there everywhere", async () => (await listed()) === 24);
  assert.equal((await ask(server, path, { method: "DELETE" })).status, 204);
  await until("the route is gone everywhere", async () => (await listed()) === 0);
});

function start(args: readonly string[], env: Record<string, string>): { status: number | null; said: string } {
  const cwd = mkdtempSync(join(tmpdir(), "slipway-workers-"));
  try {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      cwd,
      env: { PATH: process.env["PATH"], APP_ENV: "test", PORT: "0", ...env },
      encoding: "utf8",
      timeout: 60_000,
    });
    return { status, said: stderr };
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

test("several workers on the embedded database, and numbers that are none, are refused with 2 and a reason", () => {
  const embedded = start(["--workers", "2"], {});
  assert.equal(embedded.status, 2);
  assert.match(embedded.said, /DATABASE_URL is missing: the embedded database serves one process.*WORKERS=1/);
  for (const text of ["0", "many", "257"]) {
    const refused = start([], { WORKERS: text });
    assert.equal(refused.status, 2, text);
    assert.match(refused.said, /WORKERS must be a whole number from 1 to 256, or auto/);
  }
  const alone = start(["worker"], {});
  assert.equal(alone.status, 2);
  assert.match(alone.said, /--workers N/);
});

test("up --workers starts so many processes, and refuses several where the database is the embedded one", async (t) => {
  const up = resolve(import.meta.dirname, "../deploy/src/main.ts");
  const settings = await migratedDatabase(t);
  if (settings === undefined) return;
  const home = mkdtempSync(join(tmpdir(), "slipway-workers-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const env: NodeJS.ProcessEnv = { PATH: process.env["PATH"], HOME: home, SLIPWAY_HOME: home };
  const args = [up, "up", "--port", "0", "--json", "--workers", "2"];
  const refused = spawnSync(process.execPath, args, { cwd: home, env, encoding: "utf8", timeout: 60_000 });
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /DATABASE_URL is missing/);
  const child = spawn(process.execPath, args, {
    cwd: home,
    env: { ...env, ...settings },
    stdio: ["ignore", "pipe", 2],
  });
  const ended = once(child, "exit");
  const [line] = (await once(createInterface(child.stdout ?? assert.fail("there is no output")), "line")) as [string];
  const { pid, url } = JSON.parse(line) as { pid: number; url: string };
  assert.equal((await childrenOf(pid)).length, 2);
  assert.equal((await fetch(`${url}/ready`)).status, 200);
  child.kill("SIGINT");
  assert.deepEqual(await ended, [0, null]);
});

test("what the first worker finds wrong is said once, and its exit code is the server's", () => {
  const { status, said } = start(["--workers", "3"], {
    DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none",
    HOST: "192.0.2.1",
  });
  assert.equal(status, 1);
  assert.equal(said.match(/EADDRNOTAVAIL/g)?.length, 1, said);
});
