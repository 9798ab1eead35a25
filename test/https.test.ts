import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { type RunningServer, startServer } from "./support/server.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Asks with headers that `fetch` would not let through. */
function ask(
  server: RunningServer,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(new URL(server.url), { method, path, headers, agent: false }, (res) => {
      let text = "";
      res.setEncoding("utf8");
      res.on("data", (chunk: string) => (text += chunk));
      res.on("end", () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

const https = { "x-forwarded-proto": "https" };
const CHAT = JSON.stringify({ model: "mock-1", messages: [{ role: "user", content: "ahoy" }] });

test("with ENFORCE_HTTPS plain requests are led to https or refused, and a trusted proxy is believed", async (t) => {
  const server = await startServer({
    env: {
      ENFORCE_HTTPS: "true",
      TRUSTED_PROXIES: "127.0.0.1",
      PUBLIC_URL: "https://slipway.example",
      TEST_MODE: "true",
      AUDIT_MODE: "strict",
    },
  });
  t.after(() => server.stop());
  const key = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" };

  const led = await ask(server, "GET", "/console/agents?x=1", { host: "slipway.example" });
  assert.deepEqual([led.status, led.headers["location"]], [308, "https://slipway.example/console/agents?x=1"]);
  assert.equal(led.headers["strict-transport-security"], undefined, "RFC 6797, 7.2: not in the clear");
  for (const [host, path] of [
    ["evil.example", "/x"],
    ["evil.example\\@x", "/x"],
    ["slipway.example", "//evil.example/x"],
  ] as const) {
    const { headers } = await ask(server, "GET", path, { host });
    if (headers["location"] !== undefined)
      assert.equal(new URL(String(headers["location"])).origin, "https://slipway.example", `${host} ${path}`);
  }
  const refused = await ask(server, "POST", "/v1/chat/completions", key, CHAT);
  assert.equal(refused.status, 403);
  assert.match(refused.body, /https_required/);
  assert.equal(refused.headers["connection"], "close");
  assert.equal(
    (await ask(server, "POST", "/api/v1/session", {}, JSON.stringify({ apiKey: server.apiKey }))).status,
    403,
  );

  for (const probe of ["/health", "/ready", "/metrics"])
    assert.equal((await ask(server, "GET", probe)).status, 200, probe);

  const served = await ask(server, "POST", "/v1/chat/completions", { ...key, ...https }, CHAT);
  assert.equal(served.status, 200);
  assert.equal(served.headers["strict-transport-security"], "max-age=31536000");
  for (const scheme of ["http", "https, http", "http, https", "httpss", ""]) {
    const { status } = await ask(server, "POST", "/v1/chat/completions", { ...key, "x-forwarded-proto": scheme }, CHAT);
    assert.equal(status, 403, scheme);
  }
  await cookies(server);
  await nonces(server);
  await addresses(server, key);
});

/** The audit log names the client and not the proxy; of what a stranger wrote into the header nothing is believed. */
async function addresses(server: RunningServer, key: Record<string, string>): Promise<void> {
  for (const [forwarded, client] of [
    ["", "127.0.0.1"],
    ["203.0.113.9", "203.0.113.9"],
    ["203.0.113.9, 198.51.100.7", "198.51.100.7"],
  ] as const) {
    const id = `from-${client}`;
    const via = { ...key, ...https, "x-request-id": id, ...(forwarded === "" ? {} : { "x-forwarded-for": forwarded }) };
    assert.equal((await ask(server, "POST", "/v1/chat/completions", via, CHAT)).status, 200);
    const found = await ask(server, "GET", `/api/v1/audit-records?requestId=${id}`, { ...key, ...https });
    const { records } = JSON.parse(found.body) as { records: { clientIp: string | null }[] };
    assert.deepEqual(
      records.map(({ clientIp }) => clientIp),
      [client],
      forwarded,
    );
  }
}

async function cookies(server: RunningServer): Promise<void> {
  const opened = await ask(
    server,
    "POST",
    "/api/v1/session",
    { ...https, host: "slipway.example", origin: "https://slipway.example", "content-type": "application/json" },
    JSON.stringify({ apiKey: server.apiKey }),
  );
  const [cookie = ""] = opened.headers["set-cookie"] ?? [];
  assert.match(
    cookie,
    /^__Host-slipway_session=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/,
  );
  const value = cookie.split(";")[0] ?? "";
  assert.equal((await ask(server, "GET", "/api/v1/session", { ...https, cookie: value })).status, 200);
  assert.equal(
    (await ask(server, "GET", "/api/v1/session", { ...https, cookie: value.replace("__Host-", "") })).status,
    401,
    "a planted cookie",
  );
}

async function nonces(server: RunningServer): Promise<void> {
  const pages = await Promise.all([1, 2].map(() => ask(server, "GET", "/console/", https)));
  const policies = pages.map(
    ({ headers }) =>
      /script-src 'nonce-([\w-]{22})' 'strict-dynamic'/.exec(String(headers["content-security-policy"]))?.[1],
  );
  if (pages[0]?.status === 200)
    assert.ok(policies[0] && policies[1] && policies[0] !== policies[1], "a nonce is used once");
}
