import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { later } from "../server/src/store/testing/databases.ts";
import { type SharedDatabase, sharedDatabase } from "./support/replicas.ts";
import { type RunningServer, startServer } from "./support/server.ts";

const SLIPWAY = resolve(import.meta.dirname, "../deploy/src/main.ts");
/** A program over golang.org/x/mod/sumdb. */
const VERIFIER = resolve(import.meta.dirname, "audit-verifier");
const SPEC = `
audit:
  rules:
    - route: /v1/messages
      level: full
    - route: /v1/embeddings
      level: none
`;

interface Slipway {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function slipway(server: RunningServer, ...args: readonly string[]): Slipway {
  return spawnSync(process.execPath, [SLIPWAY, "audit", ...args], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], SLIPWAY_URL: server.url, SLIPWAY_API_KEY: server.apiKey },
    timeout: 60_000,
  });
}

const chat = (server: RunningServer, stream = false): Promise<Response> =>
  fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "mock-1", stream, messages: [{ role: "user", content: "Hello." }] }),
  });

interface Found {
  readonly id: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly clientIp: string | null;
  readonly level: string;
}

async function search(server: RunningServer, query: string): Promise<readonly Found[]> {
  const headers = { authorization: `Bearer ${server.apiKey}` };
  const answer = await fetch(`${server.url}/api/v1/audit-records?${query}`, { headers });
  assert.equal(answer.status, 200);
  return ((await answer.json()) as { records: readonly Found[] }).records;
}

async function untilSigned(server: RunningServer, checkpoint: (size: number) => boolean): Promise<void> {
  const headers = { authorization: `Bearer ${server.apiKey}` };
  for (let n = 0; n < 200; n += 1) {
    const key = (await (await fetch(`${server.url}/api/v1/audit-key`, { headers })).json()) as {
      checkpoint: string | null;
    };
    if (checkpoint(Number(key.checkpoint?.split("\n")[1] ?? 0))) return;
    await sleep(100);
  }
  throw new Error("no checkpoint came");
}

/** The checkpoint's signature by a program that is not ours. */
function openssl(t: TestContext, folder: string, checkpoint: string, verifierKey: string): number | null {
  const found = spawnSync("openssl", ["version"], { encoding: "utf8" });
  if (found.status !== 0 || !/^OpenSSL [3-9]/.test(found.stdout)) {
    t.diagnostic("there is no OpenSSL 3: its part is left out");
    return 0;
  }
  const end = checkpoint.lastIndexOf("\n\n");
  const signature = Buffer.from(checkpoint.trimEnd().split(" ").at(-1) ?? "", "base64").subarray(4);
  const bare = Buffer.from(verifierKey.trim().split("+").slice(2).join("+"), "base64").subarray(1);
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), bare]);
  writeFileSync(join(folder, "text"), checkpoint.slice(0, end + 1));
  writeFileSync(join(folder, "signature"), signature);
  writeFileSync(join(folder, "key.der"), der);
  const args = ["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der", "-rawin", "-in", "text"];
  return spawnSync("openssl", [...args, "-sigfile", "signature"], { cwd: folder }).status;
}

interface Stage {
  readonly server: RunningServer;
  readonly shared: SharedDatabase;
  readonly folder: string;
  readonly bearer: Readonly<Record<string, string>>;
}

const CHECKS: readonly (readonly [string, (stage: Stage, inner: TestContext) => Promise<void>])[] = [
  [
    "an answer is given when its record is committed: it can be read at once",
    async ({ server, shared }) => {
      for (const stream of [false, true]) {
        const answer = await chat(server, stream);
        await answer.text();
        const id = answer.headers.get("x-request-id") ?? "";
        const [found] = await shared.query("select * from slipway.audit_records where request_id = $1", [id]);
        assert.deepEqual(
          [found?.["action"], found?.["target"], found?.["outcome"], found?.["client_ip"], found?.["content"]],
          ["model.call", "mock-1", "ok", "127.0.0.1", null],
        );
      }
    },
  ],
  [
    "every route leaves a record, also of a refusal, unless its level is none",
    async ({ server, bearer }) => {
      await (await fetch(`${server.url}/api/v1/threads`, { headers: bearer })).text();
      const missing = await fetch(`${server.url}/api/v1/threads/thr_nowhere`, { headers: bearer });
      assert.equal(missing.status, 404);
      assert.equal(missing.headers.get("x-content-type-options"), "nosniff");
      assert.equal(missing.headers.get("cache-control"), "no-store");
      assert.match(missing.headers.get("content-security-policy") ?? "", /^default-src 'none'/);
      const wrong = await fetch(`${server.url}/v1/chat/completions`, { method: "POST", headers: bearer, body: "{" });
      assert.equal(wrong.status, 400);
      const vectors = '{"model":"text-embedding-3-small","input":"x"}';
      await (await fetch(`${server.url}/v1/embeddings`, { method: "POST", headers: bearer, body: vectors })).text();
      const records = await search(server, "action=http.request");
      const told = records.map(({ target, outcome, code }) => `${target} ${outcome} ${code}`);
      assert.ok(told.includes("GET /api/v1/threads ok null"), told.join("\n"));
      assert.ok(told.includes("GET /api/v1/threads/thr_nowhere denied thread_not_found"), told.join("\n"));
      assert.ok(told.includes("POST /v1/chat/completions error invalid_json"), told.join("\n"));
      assert.deepEqual(await search(server, "action=model.embed"), []);
      const prompt = '{"model":"mock-1","messages":[{"role":"user","content":"hi"}]}';
      const count = { method: "POST", headers: bearer, body: prompt };
      await (await fetch(`${server.url}/v1/messages/count_tokens`, count)).text();
      const [counted] = await search(server, "action=model.count_tokens");
      assert.deepEqual([counted?.target, counted?.outcome], ["mock-1", "ok"]);
    },
  ],
  [
    "what is refused by its Idempotency-Key, or before that is looked at, leaves a record too",
    async ({ server, bearer }) => {
      const make = (name: string, more: Record<string, string> = {}): Promise<Response> => {
        const headers = { ...bearer, "idempotency-key": "once", ...more };
        return fetch(`${server.url}/api/v1/api-keys`, { method: "POST", headers, body: JSON.stringify({ name }) });
      };
      const made = (await (await make("first")).json()) as { key: string };
      assert.equal((await make("other")).status, 422);
      const scoped = JSON.stringify({ name: "reads", scopes: ["models:read"] });
      const answer = await fetch(`${server.url}/api/v1/api-keys`, { method: "POST", headers: bearer, body: scoped });
      const { key } = (await answer.json()) as typeof made;
      assert.equal((await make("mine", { authorization: `Bearer ${key}` })).status, 403);
      assert.equal((await make("mine", { authorization: "Bearer slip_wrong" })).status, 401);
      const records = await search(server, "target=POST%20/api/v1/api-keys");
      assert.deepEqual(records.map(({ action, code }) => `${action} ${code}`).toSorted(), [
        "caller.verify unauthenticated",
        "http.request forbidden",
        "http.request idempotency_key_reused",
      ]);
    },
  ],
  [
    "callers that nobody could verify are recorded in the operator's log, up to a bound",
    async ({ server, bearer }) => {
      const knock = (path: string, method: string): Promise<Response> =>
        fetch(server.url + path, { method, headers: { ...bearer, authorization: "Bearer slip_wrong" } });
      assert.equal((await knock("/v1/chat/completions", "POST")).status, 401);
      assert.equal((await knock("/api/v1/threads", "GET")).status, 401);
      const records = await search(server, "actor=stranger");
      assert.deepEqual(
        records.map(({ action, target, outcome, code }) => `${action} ${target} ${outcome} ${code}`).toSorted(),
        [
          "caller.verify GET /api/v1/threads denied unauthenticated",
          "caller.verify POST /api/v1/api-keys denied unauthenticated",
          "caller.verify POST /v1/chat/completions denied unauthenticated",
        ],
      );
      await Promise.all(Array.from({ length: 100 }, () => knock("/api/v1/threads", "GET")));
      // The bound is 60 a minute; a minute that ends meanwhile lets some more in.
      const flooded = (await search(server, "actor=stranger&limit=200")).length;
      assert.ok(flooded >= 60 && flooded < 100, `${flooded}`);
    },
  ],
  [
    "what was said is kept at level full: redacted, encrypted, and readable for auditors only",
    async ({ server, shared, bearer }) => {
      const secret = `sk-Zq8vN2xL5tR7wY1kM4pB`;
      const content = `The walrus uses ${secret}.`;
      const body = JSON.stringify({ model: "mock-1", max_tokens: 50, messages: [{ role: "user", content }] });
      const answer = await fetch(`${server.url}/v1/messages`, { method: "POST", headers: bearer, body });
      assert.equal(answer.status, 200, await answer.text());
      const [row] = await shared.query("select id, content from slipway.audit_records where level = 'full'");
      assert.ok(row && row["content"] instanceof Buffer);
      assert.ok(!row["content"].includes("walrus"), "it lies in the database as it was said");
      const read = await fetch(`${server.url}/api/v1/audit-records/${String(row["id"])}/content`, { headers: bearer });
      const text = await read.text();
      assert.match(text, /The walrus uses \[redacted\]/);
      assert.match(text, /"response"/);
      assert.ok(!text.includes(secret));
      assert.equal((await search(server, "action=audit.read_content")).length, 1);
    },
  ],
  [
    "an export verifies offline, and one with a change does not; openssl verifies the checkpoint",
    async ({ server, folder }, inner) => {
      await untilSigned(server, (size) => size >= 8);
      const file = join(folder, "audit.jsonl");
      const exported = slipway(server, "export", "--output", file);
      assert.equal(exported.status, 0, exported.stderr);
      const key = `${file}.pub`;
      const verified = slipway(server, "verify", file, "--public-key", key);
      assert.equal(verified.status, 0, verified.stdout + verified.stderr);
      assert.match(verified.stdout, /^ok: tenant default, records 1 to \d+/);
      const lines = readFileSync(file, "utf8").split("\n");
      const { checkpoint } = JSON.parse(lines[0] ?? "") as { checkpoint: string };
      assert.equal(openssl(inner, folder, checkpoint, readFileSync(key, "utf8")), 0);
      const forged = checkpoint.replace(/\n(\d+)\n/, (_, size: string) => `\n${Number(size) + 1}\n`);
      if (
        openssl(inner, folder, checkpoint, readFileSync(key, "utf8")) === 0 &&
        spawnSync("openssl", ["version"]).status === 0
      )
        assert.notEqual(openssl(inner, folder, forged, readFileSync(key, "utf8")), 0);
      writeFileSync(file, lines.join("\n").replace('"outcome":"denied"', '"outcome":"ok"'));
      const changed = slipway(server, "verify", file, "--public-key", key);
      assert.equal(changed.status, 1, changed.stdout + changed.stderr);
      assert.match(changed.stdout, /^WRONG at record \d+: /);
      const { entry } = JSON.parse(lines.find((line) => line.includes('"outcome":"denied"')) ?? "") as {
        entry: { seq: number };
      };
      assert.ok(changed.stdout.startsWith(`WRONG at record ${entry.seq}: `), changed.stdout);
      assert.equal(slipway(server, "verify", file, "--public-key", "nonsense").status, 2);
    },
  ],
  [
    "the Go project's notes and trees verify the export too, and not a changed one",
    async ({ server, folder }, inner) => {
      if (spawnSync("go", ["version"]).status !== 0) return inner.diagnostic("there is no Go here: left out");
      const file = join(folder, "go.jsonl");
      assert.equal(slipway(server, "export", "--output", file).status, 0);
      const program = join(folder, "verifier");
      const built = spawnSync("go", ["build", "-o", program, "."], {
        cwd: VERIFIER,
        encoding: "utf8",
        timeout: 120_000,
      });
      if (built.status !== 0) return inner.diagnostic(`Go cannot build it here: left out. ${built.stderr.slice(-300)}`);
      const verified = spawnSync(program, [file, `${file}.pub`], { encoding: "utf8" });
      assert.equal(verified.status, 0, verified.stdout);
      assert.match(verified.stdout, /^ok: [1-9]\d* checkpoints/);
      writeFileSync(file, readFileSync(file, "utf8").replace('"outcome":"denied"', '"outcome":"ok"'));
      assert.equal(spawnSync(program, [file, `${file}.pub`]).status, 1);
    },
  ],
  [
    "search and tail print records",
    async ({ server, bearer }) => {
      const found = slipway(server, "search", "--action", "model.*", "--limit", "2");
      assert.equal(found.status, 0, found.stderr);
      assert.equal(found.stdout.trim().split("\n").length, 2);
      const child = spawn(process.execPath, [SLIPWAY, "audit", "tail", "--action", "api_key.*"], {
        env: { PATH: process.env["PATH"], SLIPWAY_URL: server.url, SLIPWAY_API_KEY: server.apiKey },
        stdio: ["ignore", "pipe", "inherit"],
      });
      const printed = new Promise<string>((done) => child.stdout.once("data", (data: Buffer) => done(data.toString())));
      await fetch(`${server.url}/api/v1/api-keys`, { method: "POST", headers: bearer, body: '{"name":"n"}' });
      assert.match(await printed, /"action":"api_key.create"/);
      child.kill("SIGTERM");
    },
  ],
  [
    "a database that is away: no answer without its record, 503 audit_unavailable; then everything goes on",
    async ({ server, shared, bearer }) => {
      await shared.query("revoke insert on slipway.audit_records from slipway_app");
      const first = await chat(server);
      assert.equal(first.status, 503, await first.text());
      const refused = await chat(server);
      assert.match(await refused.text(), /audit_unavailable/);
      const stopped = await chat(server, true);
      assert.ok(!(await stopped.text()).includes("[DONE]"));
      await shared.query("grant insert on slipway.audit_records to slipway_app");
      for (let n = 0; n < 100 && (await chat(server)).status !== 200; n += 1) await sleep(100);
      await shared.query("revoke insert on slipway.audit_records from slipway_app");
      const run = { method: "POST", headers: bearer, body: '{"input":"hi","stream":true}' };
      const told = await (await fetch(`${server.url}/api/v1/agents/concierge/runs`, run)).text();
      assert.match(told, /"type":"error","errorText":"The audit log cannot be written/);
      assert.ok(!told.includes('"type":"finish",'), told);
      await shared.query("grant insert on slipway.audit_records to slipway_app");
      for (let n = 0; n < 100 && (await chat(server)).status !== 200; n += 1) await sleep(100);
      assert.equal((await chat(server)).status, 200);
      const id = first.headers.get("x-request-id");
      const kept = await shared.query("select from slipway.audit_records where request_id = $1", [id]);
      assert.equal(kept.length, 1, "the record of the withheld answer is written later");
    },
  ],
];

test("the audit log of a server on PostgreSQL", async (t) => {
  const shared = await sharedDatabase(t);
  if (!shared) return;
  const folder = mkdtempSync(join(tmpdir(), "slipway-audit-"));
  later(t, () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "slipway.yaml"), SPEC);
  const env = { ...shared.env, AUDIT_CHECKPOINT_SECONDS: "1", SLIPWAY_CONFIG: join(folder, "slipway.yaml") };
  const server = await startServer({ env });
  later(t, () => server.stop());
  const bearer = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" };
  for (const [name, check] of CHECKS) await t.test(name, (inner) => check({ server, shared, folder, bearer }, inner));
});
