import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { createDatabase } from "./support/postgres.ts";
import { requirePostgres } from "./support/require.ts";
import { type RunningServer, startServer } from "./support/server.ts";

// Runs alone: it holds the server to a second.

const MAIN = resolve(import.meta.dirname, "../server/src/main.ts");
const ENCRYPTION_KEY = "an-encryption-key-for-tests-only-0123";
/** What the issue allows a change to take on every replica. */
const WITHIN_MS = 1_000;

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    model?: string;
    id?: string;
    key?: string;
    code?: string;
    param?: string;
    hint?: string;
    version?: string;
    routes?: { name: string; source: string }[];
  };
}

function client(server: RunningServer, apiKey = server.apiKey) {
  const headers = { "x-api-key": apiKey, "content-type": "application/json" };
  const send = async (method: string, path: string, body?: object): Promise<Reply> => {
    const answer = await fetch(server.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: text === "" ? {} : (JSON.parse(text) as Reply["body"]),
    };
  };
  return {
    send,
    chat: (model: string) =>
      send("POST", "/v1/chat/completions", { model, messages: [{ role: "user", content: "hi" }] }),
  };
}

/** Milliseconds until the condition holds; fails when that takes ten times as long as allowed. */
async function passes(condition: () => Promise<boolean>): Promise<number> {
  const began = performance.now();
  while (!(await condition())) {
    if (performance.now() - began > 10 * WITHIN_MS) throw new Error("it did not come to pass");
    await new Promise((done) => setTimeout(done, 10));
  }
  return performance.now() - began;
}

test("a route that is changed and a key that is revoked on one server are in force on another within a second", async (t) => {
  const superuser = requirePostgres(t);
  if (superuser === undefined) return;
  const database = await createDatabase(superuser);
  const env = {
    DATABASE_URL: database.url,
    ENCRYPTION_KEY,
    API_KEY: "a-key-of-both-servers",
    MIGRATE_AT_START: "false",
  };
  const migrated = spawnSync(process.execPath, [MAIN, "migrate", "--grant-to", database.login], {
    env: {
      PATH: process.env["PATH"],
      ENCRYPTION_KEY,
      MIGRATION_DATABASE_URL: database.adminUrl,
      DATABASE_URL: database.url,
    },
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(migrated.status, 0, migrated.stderr);
  const [one, two] = await Promise.all([0, 1].map(() => startServer({ env })));
  assert.ok(one && two);
  const [here, there] = [client(one), client(two)];

  const times: number[] = [];
  for (const target of ["first", "second", "third", "fourth", "fifth"]) {
    const put = await here.send("PUT", "/api/v1/routes/chat", { targets: [{ target: `openai/${target}` }] });
    assert.equal(put.status, target === "first" ? 201 : 200);
    assert.equal((await here.chat("chat")).body.model, target, "at once where it was changed");
    times.push(await passes(async () => (await there.chat("chat")).body.model === target));
  }
  const made = await here.send("POST", "/api/v1/api-keys", { name: "short-lived" });
  const user = client(two, made.body.key);
  await passes(async () => (await user.chat("chat")).status === 200);
  assert.equal((await here.send("DELETE", `/api/v1/api-keys/${made.body.id}`)).status, 204);
  times.push(await passes(async () => (await user.chat("chat")).status === 401));
  // A message takes milliseconds, a look without one half a second in the mean: the middle one leaves room for a busy machine.
  t.diagnostic(`in force on the other server after ${times.map(Math.round).join(", ")} ms`);
  assert.ok((times.toSorted((a, b) => a - b)[2] ?? WITHIN_MS) < WITHIN_MS, `${times.map(Math.round).join(", ")} ms`);

  const { headers } = await there.chat("chat");
  const version = headers.get("x-slipway-routes");
  assert.equal(version, (await here.send("GET", "/api/v1/routes")).body.version, "the same version on both");
  assert.equal((await here.send("DELETE", "/api/v1/routes/chat")).status, 204);
  await passes(async () => (await there.chat("chat")).body.model === "chat");
  assert.deepEqual(await Promise.all([one.stop(), two.stop()]), [0, 0]);
  const admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
  const { rows } = await admin.query<{ routes_version: string | null; model: string }>(
    "select routes_version, model from slipway.usage_ledger order by at",
  );
  assert.equal(rows.find(({ model }) => model === "fifth")?.routes_version, version);
  assert.equal(rows.at(-1)?.routes_version, null, "no route is configured any more");
  await admin.end();
  await database.drop();
});

test("slipway.yaml: routes are there at the start, a change of it is taken, a wrong one is told and changes nothing", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-routes-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "slipway.yaml");
  const write = (target: string) => writeFile(file, `routes:\n  - name: chat\n    targets: [{ target: ${target} }]\n`);
  await write("openai/first");
  const server = await startServer({ env: { SLIPWAY_CONFIG: file, LOG_LEVEL: "info" } });
  t.after(() => server.stop());
  const { send, chat } = client(server);
  const first = await chat("chat");
  assert.equal(first.body.model, "first");
  await write("openai/second");
  await passes(async () => (await chat("chat")).body.model === "second");
  assert.notEqual((await chat("chat")).headers.get("x-slipway-routes"), first.headers.get("x-slipway-routes"));
  const inForce = first.headers.get("x-slipway-routes") ?? "";
  await passes(() => Promise.resolve(server.output().includes(`"routes":"${inForce}"`)));
  await write("[");
  await passes(() => Promise.resolve(/the configuration file cannot be taken/.test(server.output())));
  assert.match(server.output(), /slipway\.yaml:3:\d+/);
  assert.equal((await chat("chat")).body.model, "second");
  const models = (await send("GET", "/v1/models")).body as { data?: { id: string; owned_by: string }[] };
  assert.ok(models.data?.some(({ id, owned_by: owner }) => id === "chat" && owner === "route"));

  // A route that keeps answers; another set of targets is another answer.
  const kept = async (...targets: string[]): Promise<(string | null)[]> => {
    const route = { targets: targets.map((target) => ({ target })), cache: { ttl: "1h" } };
    assert.ok((await send("PUT", "/api/v1/routes/kept", route)).status < 300);
    return [await chat("kept"), await chat("kept")].map(({ headers }) => headers.get("x-slipway-cache"));
  };
  assert.deepEqual(await kept("openai/a", "openai/b"), ["miss", "hit"]);
  assert.deepEqual(await kept("openai/a", "openai/c"), ["miss", "hit"]);
  assert.deepEqual(await kept("openai/a", "openai/b"), ["hit", "hit"]);
  assert.equal((await chat("chat")).headers.get("x-slipway-cache"), null);
  assert.equal((await send("DELETE", "/api/v1/routes/kept")).status, 204);

  assert.equal((await send("PUT", "/api/v1/routes/chat", { targets: [{ target: "openai/own" }] })).status, 201);
  assert.equal((await chat("chat")).body.model, "own", "the tenant's own comes before the file's");
  const { routes } = (await send("GET", "/api/v1/routes")).body;
  assert.deepEqual(
    routes?.map(({ name, source }) => `${name} ${source}`),
    ["chat api", "chat file"],
  );
});

test("a wrong slipway.yaml ends the start with exit code 2 and says where it is wrong", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-routes-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "slipway.yaml");
  await writeFile(file, "routes:\n  - name: chat\n    tragets: []\n");
  await assert.rejects(startServer({ env: { SLIPWAY_CONFIG: file } }), (error: Error) => {
    assert.match(error.message, /ended with 2/);
    assert.match(error.message, /slipway\.yaml:3:5: `routes\[0\]\.tragets` is no field here; did you mean `targets`\?/);
    return true;
  });
  await assert.rejects(startServer({ env: { SLIPWAY_CONFIG: join(folder, "none.yaml") } }), /there is no such file/);
});

test("the API refuses what is wrong by name, and a name that another route has", async (t) => {
  const server = await startServer({ env: { OPENAI_API_KEY: "k", OPENAI_BASE_URL: "http://127.0.0.1:1/v1" } });
  t.after(() => server.stop());
  const { send } = client(server);
  const put = (name: string, body: object) => send("PUT", `/api/v1/routes/${name}`, body);
  const target = [{ target: "openai/x" }];
  const wrong = [
    ["a", { targets: [] }, 400, "targets"],
    ["a", { targets: target, strategies: "price" }, 400, "body"],
    ["a", { targets: [{ target: "opanai/x" }] }, 400, "targets.0.target"],
    ["a", { targets: target, fallback: ["google/x"] }, 400, "fallback.0"],
    ["a", { targets: target, models: ["agent/x"] }, 400, "models.0"],
    ["a", { targets: target, models: ["x\u0000"] }, 400, "models.0"],
    ["a", { targets: target, timeouts: { total: "soon" } }, 400, "timeouts.total"],
    ["-a", { targets: target }, 400, "body"],
  ] as const;
  for (const [name, body, status, param] of wrong) {
    const answer = await put(name, body);
    assert.deepEqual([answer.status, answer.body.param], [status, param], JSON.stringify(answer.body));
  }
  assert.equal((await put("a", { targets: [{ target: "opanai/x" }] })).body.hint, "Did you mean `openai`?");
  assert.equal((await put("a", { targets: target, models: ["m"] })).status, 201);
  assert.deepEqual((await put("b", { targets: target, models: ["m"] })).body.code, "conflict");
  assert.equal((await put("a", { targets: target, models: ["m", "n"] })).status, 200);
  assert.equal((await send("GET", "/api/v1/routes/a")).status, 200);
  assert.equal((await send("GET", "/api/v1/routes/b")).body.code, "route_not_found");
  assert.equal((await send("DELETE", "/api/v1/routes/b")).status, 404);
});
