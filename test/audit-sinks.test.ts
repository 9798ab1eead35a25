import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { eventCollector } from "../server/src/audit/testing/event-collector.ts";
import { later } from "../server/src/store/testing/databases.ts";
import { type SharedDatabase, sharedDatabase } from "./support/replicas.ts";
import { type RunningServer, startServer } from "./support/server.ts";

const TOKEN = "b0221cd8-c4b4-465a-9a3c-273e3a75aa29";
const SECRET = `whsec_${randomBytes(32).toString("base64")}`;

interface Entry {
  readonly id: string;
}

async function eventually(check: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await check()) return;
    await sleep(100);
  }
  throw new Error(`did not come to pass: ${what}`);
}

/** A receiver that verifies every message and answers what it is told; `entries` are those that it took. */
async function webhookReceiver(): Promise<{
  readonly url: string;
  status: number;
  asked: number;
  entries: Entry[];
  server: Server;
}> {
  const hook = { url: "", status: 500, asked: 0, entries: [] as Entry[], server: createServer() };
  hook.server.on("request", (req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      hook.asked += 1;
      const header = (name: string): string => String(req.headers[name]);
      const message = new Webhook(SECRET).verify(Buffer.concat(chunks).toString(), {
        "webhook-id": header("webhook-id"),
        "webhook-timestamp": header("webhook-timestamp"),
        "webhook-signature": header("webhook-signature"),
      }) as { readonly data: { readonly records: readonly Entry[] } };
      if (hook.status === 200) hook.entries.push(...message.data.records);
      res.writeHead(hook.status).end();
    });
  });
  hook.server.listen(0, "127.0.0.1");
  await once(hook.server, "listening");
  hook.url = `http://127.0.0.1:${(hook.server.address() as AddressInfo).port}/audit`;
  return hook;
}

/** The audit lines of a server's output. */
function printed(output: string): readonly Entry[] {
  return output
    .split("\n")
    .filter((line) => line.includes('"msg":"audit"') && line.endsWith("}"))
    .map((line) => (JSON.parse(line) as { audit: Entry }).audit);
}

async function written(path: string): Promise<readonly Entry[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => line.endsWith("}"));
  return lines.map((line) => JSON.parse(line) as Entry);
}

const distinct = (entries: readonly Entry[]): readonly string[] => [...new Set(entries.map(({ id }) => id))];

async function chat(server: RunningServer, requestId: string): Promise<number> {
  const answer = await fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "x-api-key": server.apiKey, "content-type": "application/json", "x-request-id": requestId },
    body: '{"model":"mock-1","messages":[{"role":"user","content":"hi"}]}',
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** What a test's servers send to, and what has arrived there. */
async function fourSinks(t: TestContext, databaseEnv: Readonly<Record<string, string>>) {
  const dir = await mkdtemp(join(tmpdir(), "slipway-sinks-"));
  later(t, () => rm(dir, { recursive: true, force: true }));
  const hook = await webhookReceiver();
  later(t, () => hook.server.close());
  const splunk = await eventCollector(t, { token: TOKEN, useAck: true, indexes: ["audit"] });
  const file = join(dir, "audit.jsonl");
  const servers: RunningServer[] = [];
  const env = {
    ...databaseEnv,
    API_KEY: `test-${randomBytes(16).toString("hex")}`,
    AUDIT_SINKS: "file,stdout,webhook,splunk",
    AUDIT_LOG_TO_FILE: file,
    AUDIT_WEBHOOK_URL: hook.url,
    AUDIT_WEBHOOK_SECRET: SECRET,
    SPLUNK_HEC_URL: splunk.url,
    SPLUNK_HEC_TOKEN: TOKEN,
    SPLUNK_HEC_INDEX: "audit",
  };
  return {
    hook,
    start: async (): Promise<RunningServer> => {
      const server = await startServer({ env });
      later(t, () => server.kill("SIGKILL"));
      servers.push(server);
      return server;
    },
    /** The ids at each sink, in the order in which they first came. */
    arrived: {
      file: async () => distinct(await written(file)),
      stdout: async () => distinct(servers.flatMap((server) => printed(server.output()))),
      webhook: async () => distinct(hook.entries),
      splunk: async () => distinct(splunk.collector.indexed.map(({ event }) => event)),
    },
  };
}

interface SinkFigures {
  readonly name: string;
  readonly state: string;
  readonly delivered: number;
  readonly holder: string | null;
}

async function sinksOf(server: RunningServer): Promise<Map<string, SinkFigures>> {
  const answer = await fetch(`${server.url}/api/v1/audit-sinks`, { headers: { "x-api-key": server.apiKey } });
  assert.equal(answer.status, 200);
  const { sinks } = (await answer.json()) as { sinks: SinkFigures[] };
  return new Map(sinks.map((sink) => [sink.name, sink]));
}

/** Sends so many requests at once and answers their ids; none may fail because of a sink. */
async function send(server: RunningServer, count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, () => `req-${randomBytes(8).toString("hex")}`);
  const statuses = await Promise.all(ids.map((id) => chat(server, id)));
  assert.ok(
    statuses.every((status) => status === 200),
    "a request failed because of a sink",
  );
  return ids;
}

/** The audit log of our requests, in the order of the sequencer. */
async function logged(database: SharedDatabase): Promise<readonly string[]> {
  const rows = await database.query(
    "select c.id from slipway.audit_chain c join slipway.audit_records r using (tenant_id, id) where r.request_id like 'req-%' order by c.position",
  );
  return rows.map(({ id }) => String(id));
}

test("four sinks, a webhook that fails first, and a kill -9 in the middle: every record arrives at each, in order", async (t) => {
  const database = await sharedDatabase(t);
  if (database === undefined) return;
  const { hook, start, arrived } = await fourSinks(t, database.env);
  const first = await start();
  await send(first, 60);
  await eventually(() => hook.asked >= 2, "the webhook is tried again");
  await eventually(async () => (await arrived.file()).length >= 60, "the file has them, whatever the webhook says");
  const before = await sinksOf(first);
  assert.deepEqual([before.get("webhook")?.state, before.get("webhook")?.delivered], ["failing", 0]);
  assert.equal(before.get("file")?.state, "working");
  await database.addTenant("other", "key-of-another-tenant");
  const resume = async (key: string, sink: string): Promise<number> => {
    const headers = { "x-api-key": key, "content-type": "application/json" };
    const body = JSON.stringify({ sink });
    return (await fetch(`${first.url}/api/v1/audit-sinks/resume`, { method: "POST", headers, body })).status;
  };
  await eventually(
    async () => (await resume("key-of-another-tenant", "webhook")) === 403,
    "another tenant is known, and may resume nothing",
  );
  const seen = await fetch(`${first.url}/api/v1/audit-sinks`, { headers: { "x-api-key": "key-of-another-tenant" } });
  const { sinks } = (await seen.json()) as { sinks: object[] };
  assert.ok(
    sinks.length === 4 && sinks.every((sink) => Object.keys(sink).length === 3),
    "it sees figures of all tenants",
  );
  assert.equal(await resume(first.apiKey, "fax"), 400);
  const asked = hook.asked;
  assert.equal(await resume(first.apiKey, "webhook"), 204);
  await eventually(() => hook.asked > asked, "a sink that was resumed is tried");
  await send(first, 60);
  first.kill("SIGKILL");
  await first.exited;
  hook.status = 200;
  const killed = performance.now();
  const second = await start();
  await send(second, 60);
  await eventually(async () => (await logged(database)).length === 180, "every answered request is in the log");
  const wanted = await logged(database);
  await eventually(async () => {
    const all = await Promise.all(Object.values(arrived).map(async (read) => new Set(await read())));
    return all.every((there) => wanted.every((id) => there.has(id)));
  }, "everything arrives at each sink");
  t.diagnostic(`everything had arrived ${((performance.now() - killed) / 1000).toFixed(1)} s after the kill`);
  // What is answered a moment before SIGTERM is sent before the end, where the sinks are quick.
  await send(second, 20);
  assert.equal(await second.stop(), 0);
  const ids = await logged(database);
  assert.equal(ids.length, 200);
  const ours = new Set(ids);
  for (const [name, read] of Object.entries(arrived)) {
    const there = (await read()).filter((id) => ours.has(id));
    const local = name === "file" || name === "stdout";
    assert.deepEqual(
      there,
      local ? ids : ids.slice(0, Math.max(180, there.length)),
      `${name}: something is missing or out of order`,
    );
  }
  // The control: what one of the two servers printed alone is not all of it.
  assert.notDeepEqual(
    distinct(printed(second.output())).filter((id) => ours.has(id)),
    ids,
  );
});
