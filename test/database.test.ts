import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createServer, type Server } from "node:net";
import { resolve } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { freePort } from "../bench/lib/child.ts";
import { createDatabase } from "./support/postgres.ts";
import { requirePostgres } from "./support/require.ts";
import { startServer } from "./support/server.ts";

const MAIN = resolve(import.meta.dirname, "../server/src/main.ts");
const ENCRYPTION_KEY = "an-encryption-key-for-tests-only-0123";

function command(args: readonly string[], env: Record<string, string>): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env["PATH"], ENCRYPTION_KEY, ...env },
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, output: stdout + stderr };
}

async function rows(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function eventually(check: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await check()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`did not come to pass: ${what}`);
}

/** A relay to a TCP port that can be switched off and on, as a network or a database that goes away. */
async function relayTo(target: URL): Promise<{ url: string; off(): void; on(): Promise<void>; close(): void }> {
  const { connect } = await import("node:net");
  const sockets = new Set<{ destroy(): void }>();
  const make = (): Server =>
    createServer((client) => {
      const upstream = connect(Number(target.port || 5432), target.hostname);
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => sockets.delete(socket));
      }
      client.pipe(upstream).pipe(client);
    });
  let server = make();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String(port);
  const off = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    off,
    async on() {
      server = make();
      await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
    },
    close: off,
  };
}

test("migrate makes the schema and the login's rights; the server then runs as that login and books every call", async (t) => {
  const superuser = requirePostgres(t);
  if (superuser === undefined) return;
  const database = await createDatabase(superuser);
  const migrated = command(["migrate", "--grant-to", database.login], {
    MIGRATION_DATABASE_URL: database.adminUrl,
    DATABASE_URL: database.url,
  });
  assert.equal(migrated.status, 0, migrated.output);
  const server = await startServer({
    env: { DATABASE_URL: database.url, ENCRYPTION_KEY, MIGRATE_AT_START: "false", APP_ENV: "production" },
  });
  const headers = { "x-api-key": server.apiKey, "content-type": "application/json", "x-request-id": "book-me" };
  const body = JSON.stringify({ model: "mock-1", messages: [{ role: "user", content: "hi" }] });
  await (await fetch(`${server.url}/v1/chat/completions`, { method: "POST", headers, body })).text();
  const run = await fetch(`${server.url}/api/v1/agents/order-desk/runs`, {
    method: "POST",
    headers: { ...headers, "x-request-id": "book-run" },
    body: '{"input":"Where is SO-1042?"}',
  });
  assert.equal(run.status, 201);
  assert.equal(await server.stop(), 0);
  const ledger = await rows(
    database.adminUrl,
    "select * from slipway.usage_ledger where request_id in ('book-me', 'book-run') order by id",
  );
  assert.deepEqual(
    ledger.map(({ request_id: request, agent, provider, outcome, source }) => [
      request,
      agent,
      provider,
      outcome,
      source,
    ]),
    [
      ["book-me", null, "mock", "ok", "provider"],
      ["book-run", "order-desk", "mock", "ok", "provider"],
      ["book-run", "order-desk", "mock", "ok", "provider"],
    ],
  );
  assert.equal(Number(ledger[0]?.["input"] ?? ledger[0]?.["input_tokens"]), 1);
  const audit = await rows(
    database.adminUrl,
    "select action, outcome, actor, request_id from slipway.audit_records where request_id in ('book-me', 'book-run') order by id",
  );
  assert.deepEqual(
    audit.map(({ action, outcome, actor }) => [action, outcome, actor]),
    [
      ["model.call", "ok", "key:env"],
      ["agent.run", "ok", "key:env"],
    ],
  );
  const stored = await rows(database.adminUrl, "select content from slipway.messages");
  assert.ok(stored.length > 0);
  assert.ok(
    stored.every(({ content }) => Buffer.isBuffer(content) && !content.includes("SO-1042")),
    "a message lies readable in the database",
  );
  await database.drop();
});

test("a login that could bypass row level security is refused with 2 and told how to make a right one", async (t) => {
  const superuser = requirePostgres(t);
  if (superuser === undefined) return;
  const database = await createDatabase(superuser);
  assert.equal(command(["migrate"], { DATABASE_URL: database.adminUrl }).status, 0);
  const refused = command([], {
    DATABASE_URL: database.adminUrl,
    PORT: "0",
    MIGRATE_AT_START: "false",
    TEST_MODE: "true",
  });
  assert.equal(refused.status, 2, refused.output);
  assert.match(refused.output, /grant slipway_app, slipway_directory to/);
  await database.drop();
});

test("before the migrations have run /health is 200 and /ready 503 with their names; afterwards the server begins by itself", async (t) => {
  const superuser = requirePostgres(t);
  if (superuser === undefined) return;
  const database = await createDatabase(superuser);
  const port = await freePort();
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL: database.url,
      ENCRYPTION_KEY,
      MIGRATE_AT_START: "false",
      TEST_MODE: "true",
      PORT: String(port),
      API_KEY: "a-key-for-this-test",
    },
    stdio: "ignore",
  });
  // From the beginning, for a server that ends before it is asked to would be waited for without end.
  const ended = new Promise((done) => child.once("exit", done));
  const get = async (path: string): Promise<{ status: number; text: string }> => {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { "x-api-key": "a-key-for-this-test" },
      });
      return { status: answer.status, text: await answer.text() };
    } catch {
      return { status: 0, text: "" };
    }
  };
  try {
    await eventually(async () => (await get("/health")).status === 200, "/health answers");
    const ready = await get("/ready");
    assert.equal(ready.status, 503);
    const models = await get("/v1/models");
    assert.equal(models.status, 503);
    assert.match(models.text, /database_unavailable/);
    const migrated = command(["migrate", "--grant-to", database.login], { MIGRATION_DATABASE_URL: database.adminUrl });
    assert.equal(migrated.status, 0, migrated.output);
    await eventually(async () => (await get("/ready")).status === 200, "/ready turns green");
    assert.equal((await get("/v1/models")).status, 200);
  } finally {
    child.kill("SIGTERM");
    await ended;
    await database.drop();
  }
});

test("a database that goes away, with a batched audit log: chat goes on, /ready is red, what needs it says so, and nothing booked is lost", async (t) => {
  const superuser = requirePostgres(t);
  if (superuser === undefined) return;
  const database = await createDatabase(superuser);
  assert.equal(
    command(["migrate", "--grant-to", database.login], { MIGRATION_DATABASE_URL: database.adminUrl }).status,
    0,
  );
  const relay = await relayTo(new URL(database.url));
  const server = await startServer({
    env: {
      DATABASE_URL: relay.url,
      ENCRYPTION_KEY,
      MIGRATE_AT_START: "false",
      LOG_LEVEL: "error",
      AUDIT_MODE: "batched",
    },
  });
  const headers = { "x-api-key": server.apiKey, "content-type": "application/json" };
  const chat = (): Promise<Response> =>
    fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers,
      body: '{"model":"mock-1","messages":[{"role":"user","content":"hi"}]}',
    });
  assert.equal((await chat()).status, 200);
  relay.off();
  const during = await Promise.all(Array.from({ length: 40 }, chat));
  assert.ok(during.every(({ status }) => status === 200));
  assert.equal((await fetch(`${server.url}/ready`)).status, 503);
  const threads = await fetch(`${server.url}/api/v1/threads`, { headers });
  assert.equal(threads.status, 503);
  assert.equal(((await threads.json()) as { code: string }).code, "database_unavailable");
  await relay.on();
  await eventually(async () => (await fetch(`${server.url}/ready`)).status === 200, "/ready turns green again");
  await eventually(async () => {
    const [found] = await rows(database.adminUrl, "select count(*)::int as n from slipway.usage_ledger");
    return found?.["n"] === 41;
  }, "41 calls are booked");
  assert.equal(await server.stop(), 0);
  relay.close();
  await database.drop();
});

for (const migrates of ["true", "false"]) {
  test(`a server whose database is away (MIGRATE_AT_START=${migrates}) waits for it, and ends without ever having said that it is ready`, async () => {
    const child = spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env["PATH"],
        // Nobody listens at the discard port.
        DATABASE_URL: "postgres://nobody:x@127.0.0.1:9/none",
        ENCRYPTION_KEY,
        MIGRATE_AT_START: migrates,
        TEST_MODE: "true",
        LOG_LEVEL: "info",
        PORT: "0",
        // The least there is.
        REQUEST_TIMEOUT_SECONDS: "1",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    const waits = Promise.withResolvers<void>();
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        printed += chunk.toString();
        if (printed.includes("waiting for the database")) waits.resolve();
      });
    }
    const ended = new Promise<number | null>((done) => child.once("exit", done));
    await Promise.race([waits.promise, ended]);
    child.kill("SIGTERM");
    assert.equal(await ended, 0, printed);
    assert.match(printed, /"msg":"draining"/);
    assert.doesNotMatch(printed, /"msg":"ready"/);
  });
}
