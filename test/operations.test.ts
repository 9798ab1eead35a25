import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { type RunningServer, startServer } from "./support/server.ts";
import { until } from "./support/workers.ts";

const MAIN = resolve(import.meta.dirname, "../server/src/main.ts");

interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string };
}

function chat(server: RunningServer, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "mock-1", messages: [{ role: "user", content: "hi" }], ...body }),
  });
}

describe("a running server", () => {
  let server: RunningServer;
  before(async () => {
    server = await startServer({ env: { LOG_LEVEL: "info", SLIPWAY_RELEASE: "r-42" } });
  });
  after(async () => {
    await server.stop();
  });

  test("/health, /ready and /metrics answer without a key, and every answer names the release", async () => {
    for (const path of ["/health", "/ready", "/metrics", "/nothing", "/v1/models"]) {
      const answer = await fetch(`${server.url}${path}`);
      assert.equal(answer.headers.get("x-slipway-release"), "r-42", path);
      assert.ok(answer.headers.get("x-request-id"), path);
    }
    const ready = (await (await fetch(`${server.url}/ready`)).json()) as {
      status: string;
      checks: Record<string, string>;
    };
    assert.deepEqual(ready, { status: "ready", checks: { serving: "ok", database: "ok", keys: "ok" } });
    assert.match(await (await fetch(`${server.url}/metrics`)).text(), /^slipway_http_requests_total\{/m);
  });

  test("the OpenAPI document names exactly the operations that are there", async () => {
    const document = (await (await fetch(`${server.url}/api/v1/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const methods = ["get", "post", "put", "patch", "delete"];
    for (const [path, described] of Object.entries(document.paths)) {
      for (const method of methods) {
        const answer = await fetch(`${server.url}${path.replace(/\{\w+\}/, "none")}`, { method: method.toUpperCase() });
        // Without a key an operation that is there says 401 (or answers), and one that is not says 404.
        assert.equal(
          answer.status !== 404 && answer.status !== 405,
          method in described,
          `${method} ${path}: ${answer.status}`,
        );
      }
    }
  });

  test("the mock says that it is one, in a header and in the log at start, and answers the same every time", async () => {
    const [first, second] = await Promise.all([chat(server, {}), chat(server, {})]);
    assert.equal(first.headers.get("x-slipway-mock"), "true");
    const content = async (answer: Response): Promise<string> =>
      ((await answer.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message.content ?? "";
    assert.equal(await content(first), await content(second));
    assert.match(server.output(), /answers come from the mock model/);
  });

  test("logs are JSON lines with request and trace ids, and never hold the key", async () => {
    const trace = "0af7651916cd43dd8448eb211c80319c";
    await (
      await chat(server, {}, { "x-request-id": "my-request-1", traceparent: `00-${trace}-b7ad6b7169203331-01` })
    ).text();
    const told = (): Record<string, unknown> | undefined => {
      const output = server.output();
      // The last line may have come in part.
      const lines = output.slice(0, output.lastIndexOf("\n")).split("\n");
      return lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .find(({ requestId }) => requestId === "my-request-1");
    };
    await until("the access log names it", () => told() !== undefined);
    const line = told();
    assert.equal(line?.["traceId"], trace);
    assert.equal(line?.["route"], "/v1/chat/completions");
    assert.equal(line?.["status"], 200);
    assert.equal(line?.["release"], "r-42");
    assert.ok(!server.output().includes(server.apiKey));
  });

  test("an API key that was made is in force at once, and one that was revoked no more", async () => {
    const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" };
    const made = await fetch(`${server.url}/api/v1/api-keys`, { method: "POST", headers, body: '{"name":"ci"}' });
    assert.equal(made.status, 201);
    const { id, key } = (await made.json()) as { id: string; key: string };
    const use = () => fetch(`${server.url}/v1/models`, { headers: { "x-api-key": key } });
    assert.equal((await use()).status, 200);
    const listed = await (await fetch(`${server.url}/api/v1/api-keys`, { headers })).text();
    assert.ok(listed.includes(id) && !listed.includes(key));
    assert.equal((await fetch(`${server.url}/api/v1/api-keys/${id}`, { method: "DELETE", headers })).status, 204);
    assert.equal((await use()).status, 401);
    assert.equal((await fetch(`${server.url}/api/v1/api-keys/key_none`, { method: "DELETE", headers })).status, 404);
  });

  test("a console session: opened by the key, HttpOnly, good for the API from its own origin only, closed by signing out", async () => {
    const origin = { origin: server.url, "content-type": "application/json" };
    const open = (apiKey: string, headers: Record<string, string> = origin) =>
      fetch(`${server.url}/api/v1/session`, { method: "POST", headers, body: JSON.stringify({ apiKey }) });
    assert.equal((await open("wrong-key-entirely")).status, 401);
    assert.equal((await open(server.apiKey, { ...origin, origin: "https://evil.example" })).status, 403);
    const opened = await open(server.apiKey);
    assert.equal(opened.status, 201);
    const { csrfToken } = (await opened.json()) as { csrfToken: string };
    const own = { origin: server.url, "x-csrf-token": csrfToken };
    const setCookie = opened.headers.get("set-cookie") ?? "";
    assert.match(setCookie, /HttpOnly/);
    assert.match(setCookie, /SameSite=Strict/);
    assert.ok(!setCookie.includes(server.apiKey));
    const cookie = setCookie.split(";")[0] ?? "";
    assert.equal((await fetch(`${server.url}/v1/models`, { headers: { cookie } })).status, 200);
    const post = (headers: Record<string, string>) =>
      fetch(`${server.url}/v1/chat/completions`, {
        method: "POST",
        headers: { cookie, "content-type": "application/json", ...headers },
        body: '{"model":"mock-1","messages":[{"role":"user","content":"x"}]}',
      });
    assert.equal((await post(own)).status, 200);
    assert.equal((await post({ origin: server.url })).status, 403);
    assert.equal((await post({})).status, 403);
    assert.equal((await post({ origin: "https://evil.example" })).status, 403);
    assert.equal((await fetch(`${server.url}/v1/models`, { headers: { cookie: `${cookie}x` } })).status, 401);
    const closed = await fetch(`${server.url}/api/v1/session`, {
      method: "DELETE",
      headers: { cookie, ...own },
    });
    assert.equal(closed.status, 204);
    assert.match(closed.headers.get("set-cookie") ?? "", /Max-Age=0/);
  });
});

/** An OpenAI-shaped upstream that streams `count` pieces of `size` characters as fast as it is let. */
async function floodingUpstream(count: number, size: number): Promise<{ url: string; sent(): number; close(): void }> {
  let sent = 0;
  const chunk = (delta: object, finish: string | null): string =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const upstream = createServer((req, res) => {
    req.resume();
    res.writeHead(200, { "content-type": "text/event-stream" });
    const pump = (): void => {
      while (sent < count) {
        sent += 1;
        if (!res.write(chunk({ content: "x".repeat(size) }, null))) return void res.once("drain", pump);
      }
      res.end(`${chunk({}, "stop")}data: [DONE]\n\n`);
    };
    pump();
  });
  await new Promise<void>((done) => upstream.listen(0, "127.0.0.1", done));
  const { port } = upstream.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/v1`, sent: () => sent, close: () => void upstream.close() };
}

test("a client that reads slowly holds the upstream back, and still gets every byte", async () => {
  const [count, size] = [40_000, 1000];
  const upstream = await floodingUpstream(count, size);
  const server = await startServer({ env: { OPENAI_API_KEY: "k", OPENAI_BASE_URL: upstream.url } });
  const { port } = new URL(server.url);
  const body = JSON.stringify({ model: "gpt-5-mini", stream: true, messages: [{ role: "user", content: "flood" }] });
  const answer = await new Promise<IncomingMessage>((resolveAnswer, reject) => {
    const headers = { "x-api-key": server.apiKey, "content-type": "application/json" };
    request({ port, host: "127.0.0.1", method: "POST", path: "/v1/chat/completions", headers }, resolveAnswer)
      .on("error", reject)
      .end(body);
  });
  // Nothing is read for a while: what the upstream could send by then is what buffers on the way hold, not all there is.
  await new Promise((done) => setTimeout(done, 1500));
  const heldAt = upstream.sent();
  assert.ok(heldAt < count / 2, `the upstream sent ${heldAt} of ${count} pieces to a client that read none`);
  let characters = 0;
  let tail = "";
  for await (const piece of answer) {
    const text = String(piece);
    characters += text.length;
    tail = (tail + text).slice(-100);
  }
  assert.ok(tail.endsWith("data: [DONE]\n\n"));
  assert.ok(characters > count * size);
  await server.stop();
  upstream.close();
});

test("W3C trace context goes on to the upstream under a span of our own, and the client's key does not", async () => {
  const seen: { headers: Record<string, unknown> }[] = [];
  const upstream = createServer((req, res) => {
    seen.push({ headers: req.headers });
    res.writeHead(200, { "content-type": "application/json" });
    res.end(
      '{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}]}',
    );
  });
  await new Promise<void>((done) => upstream.listen(0, "127.0.0.1", done));
  const { port } = upstream.address() as AddressInfo;
  const server = await startServer({
    env: { OPENAI_API_KEY: "sk-up", OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` },
  });
  const trace = "0af7651916cd43dd8448eb211c80319c";
  await (await chat(server, { model: "gpt-5-mini" }, { traceparent: `00-${trace}-b7ad6b7169203331-01` })).text();
  await server.stop();
  upstream.close();
  const headers = seen[0]?.headers ?? {};
  assert.match(String(headers["traceparent"]), new RegExp(`^00-${trace}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`));
  assert.equal(headers["authorization"], "Bearer sk-up");
  assert.ok(!JSON.stringify(headers).includes(server.apiKey));
});

test("TEST_MODE=false without a key refuses model calls, clearly, and serves the rest", async () => {
  const server = await startServer({ env: { TEST_MODE: "false" } });
  const answer = await chat(server, { model: "gpt-5-mini" });
  assert.equal(answer.status, 503);
  const { error } = (await answer.json()) as ErrorBody;
  assert.equal(error.code, "provider_not_configured");
  assert.match(error.message, /OPENAI_API_KEY/);
  assert.equal((await fetch(`${server.url}/v1/models`, { headers: { "x-api-key": server.apiKey } })).status, 200);
  await server.stop();
});

test("roles: a memory server has no router, and a router no threads", async () => {
  const status = async (server: RunningServer, path: string): Promise<number> =>
    (await fetch(`${server.url}${path}`, { headers: { "x-api-key": server.apiKey } })).status;
  const memory = await startServer({ env: { SLIPWAY_ROLES: "memory" } });
  assert.deepEqual([await status(memory, "/api/v1/threads"), await status(memory, "/v1/models")], [200, 404]);
  await memory.stop();
  const router = await startServer({ env: { SLIPWAY_ROLES: "router" } });
  assert.deepEqual([await status(router, "/api/v1/threads"), await status(router, "/v1/models")], [404, 200]);
  await router.stop();
});

test("settings that are wrong end the start with 2 and one message that lists all of them", () => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [MAIN], {
    env: { PATH: process.env["PATH"], PORT: "x", DATABASE_URL: "nonsense://secret@h", TEST_MODE: "maybe" },
    encoding: "utf8",
    timeout: 30_000,
  });
  assert.equal(status, 2);
  for (const name of ["PORT", "DATABASE_URL", "TEST_MODE"]) assert.match(stderr, new RegExp(name));
  assert.ok(!(stderr + stdout).includes("secret@h"));
});

test("a .env file in the working directory is read, and the environment wins over it", async () => {
  const home = mkdtempSync(join(tmpdir(), "slipway-test-"));
  writeFileSync(join(home, ".env"), "SLIPWAY_RELEASE=from-file\nLOG_LEVEL=loud\n");
  const server = await startServer({ home });
  assert.equal((await fetch(`${server.url}/health`)).headers.get("x-slipway-release"), "from-file");
  await server.stop();
  rmSync(home, { recursive: true, force: true });
});

test("limits: a key over its rate is told 429 with Retry-After in the dialect's shape", async () => {
  const server = await startServer({ env: { RATE_LIMIT_PER_MINUTE: "20" } });
  const answers = await Promise.all(Array.from({ length: 6 }, () => chat(server, {})));
  const refused = answers.filter(({ status }) => status === 429);
  assert.ok(refused.length >= 3, answers.map(({ status }) => status).join());
  assert.ok(Number(refused[0]?.headers.get("retry-after") ?? 0) >= 1);
  assert.equal(((await refused[0]?.json()) as ErrorBody | undefined)?.error.code, "rate_limited");
  assert.match(
    await (await fetch(`${server.url}/metrics`)).text(),
    /slipway_admission_refusals_total\{code="rate_limited"\} [1-9]/,
  );
  await server.stop();
});

test("data survives a restart, and a killed server's too", async () => {
  const home = mkdtempSync(join(tmpdir(), "slipway-test-"));
  const first = await startServer({ home });
  const run = await fetch(`${first.url}/api/v1/agents/concierge/runs`, {
    method: "POST",
    headers: { "x-api-key": first.apiKey, "content-type": "application/json" },
    body: '{"input":"remember the blue door"}',
  });
  const { threadId } = (await run.json()) as { threadId: string };
  first.kill("SIGKILL");
  await first.exited;
  const second = await startServer({ home });
  const messages = await fetch(`${second.url}/api/v1/threads/${threadId}/messages`, {
    headers: { "x-api-key": second.apiKey },
  });
  assert.match(await messages.text(), /remember the blue door/);
  await second.stop();
  rmSync(home, { recursive: true, force: true });
});
