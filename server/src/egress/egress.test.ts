import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { createMetrics } from "#telemetry/metrics.ts";
import { asFetch } from "./as-fetch.ts";
import { type ClientOptions, createEgress, type EgressClient } from "./egress.ts";
import { startCanary, testEgress } from "./testing.ts";

const run = promisify(execFile);
const local = (options: ClientOptions = {}): EgressClient =>
  testEgress({ allow: ["127.0.0.1", "localhost"] }).client("tool", options);

test("a request arrives whole and its answer comes back whole, whatever its status", async () => {
  let body = "";
  await using server = await startCanary((request, response) => {
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => response.writeHead(418, { "x-one": ["a", "b"] }).end("short"));
  });
  const answer = await local().request(`${server.url}a%20b?c=d#e`, {
    method: "PUT",
    headers: { Authorization: "Bearer x" },
    body: "grüße",
  });
  assert.deepEqual(
    [answer.status, answer.body.toString(), answer.headers["x-one"], body],
    [418, "short", "a, b", "grüße"],
  );
  const [request] = server.requests;
  assert.equal(request?.url, "/a%20b?c=d");
  assert.equal(request?.headers.host, server.host);
  assert.equal(request?.headers.authorization, "Bearer x");
});

test("an answer is bounded as it is sent, as it says it will be, and after decompression", async () => {
  const kinds: Record<string, (response: ServerResponse) => void> = {
    "/says": (response) => response.writeHead(200, { "content-length": "5000" }).end("x".repeat(5000)),
    "/sends": (response) => {
      response.write("x".repeat(3000));
      response.end("x".repeat(3000));
    },
    "/gzip": (response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(1_000_000))),
    "/br": (response) =>
      response.writeHead(200, { "content-encoding": "br" }).end(brotliCompressSync(Buffer.alloc(1_000_000))),
  };
  await using server = await startCanary((request, response) => kinds[request.url ?? ""]?.(response));
  const client = local({ limits: { maxBodyBytes: 4096 } });
  for (const path of Object.keys(kinds))
    await assert.rejects(client.request(new URL(path, server.url)), { code: "egress_too_large" }, path);
  // Control: the same answers fit where there is room.
  const roomy = local({ limits: { maxBodyBytes: 1_000_000 } });
  for (const [path, length] of [
    ["/says", 5000],
    ["/sends", 6000],
    ["/gzip", 1_000_000],
    ["/br", 1_000_000],
  ] as const)
    assert.equal((await roomy.request(new URL(path, server.url))).body.length, length, path);
});

test("codings that are unknown, piled up or broken, and heads that are too long, fail", async () => {
  const kinds: Record<string, (response: ServerResponse) => void> = {
    "/unknown": (response) => response.writeHead(200, { "content-encoding": "zstd" }).end("x"),
    "/pile": (response) => response.writeHead(200, { "content-encoding": "gzip, gzip" }).end(gzipSync(gzipSync("x"))),
    "/broken": (response) => response.writeHead(200, { "content-encoding": "gzip" }).end("no gzip"),
    "/head": (response) => response.writeHead(200, { "x-long": "x".repeat(20_000) }).end(),
    "/cut": (response) => {
      response.writeHead(200, { "content-length": "10" }).write("x");
      setImmediate(() => response.destroy());
    },
  };
  await using server = await startCanary((request, response) => kinds[request.url ?? ""]?.(response));
  for (const path of Object.keys(kinds))
    await assert.rejects(local().request(new URL(path, server.url)), { code: "egress_failed" }, path);
});

test("every wait has an end: the name, the head, silence, the whole, a place", async () => {
  await using server = await startCanary((request, response) => {
    if (request.url === "/silent") response.write("x");
    if (request.url !== "/drip") return;
    const timer = setInterval(() => response.write("x"), 10);
    response.once("close", () => clearInterval(timer));
  });
  const late = { code: "egress_timeout" };
  const never = testEgress({ resolve: () => new Promise(() => {}) }).client("tool", { limits: { lookupMs: 50 } });
  await assert.rejects(never.request("https://slow.test/"), { ...late, message: /name service/ });
  const ask = (path: string, limits: ClientOptions["limits"] = {}): Promise<unknown> =>
    local({ limits }).request(new URL(path, server.url));
  await assert.rejects(ask("/head", { answerMs: 50 }), { ...late, message: /did not answer/ });
  await assert.rejects(ask("/silent", { silenceMs: 50 }), { ...late, message: /fell silent/ });
  await assert.rejects(ask("/drip", { totalMs: 200 }), { ...late, message: /did not finish/ });
  const narrow = local({ limits: { atOnce: 1, waiting: 1 } });
  const first = narrow.request(new URL("/head", server.url), { limits: { totalMs: 400 } });
  const second = narrow.request(new URL("/head", server.url), { limits: { totalMs: 100 } });
  await assert.rejects(narrow.request(server.url), { code: "egress_busy" });
  await assert.rejects(second, late);
  await assert.rejects(first, late);
});

test("a host that takes no TLS is given up on", async () => {
  const server = createTcpServer(() => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const asked = local({ limits: { connectMs: 50 } }).request(`https://127.0.0.1:${port}/`);
  await assert.rejects(asked, { code: "egress_timeout", message: /did not take a connection/ });
  server.close();
});

test("whoever asked can stop it, before and while it runs", async () => {
  await using server = await startCanary(() => {});
  const stopped = { code: "client_closed_request" };
  await assert.rejects(local().request(server.url, { signal: AbortSignal.abort() }), stopped);
  assert.equal(server.requests.length, 0);
  const leaving = new AbortController();
  const asked = local().request(server.url, { signal: leaving.signal });
  while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const closed = once(server.requests[0]?.socket as NodeJS.EventEmitter, "close");
  leaving.abort();
  await assert.rejects(asked, stopped);
  await closed;
});

/** What came to `/end` after the redirect that the query asks for. */
async function redirected(
  status: number,
  method: "POST" | "GET",
  to: "same" | "other",
): Promise<IncomingMessage | undefined> {
  await using other = await startCanary();
  await using server = await startCanary((request, response) => {
    const location = to === "other" ? `${other.url}end` : "/end";
    if (request.url === "/end") response.end("x");
    else response.writeHead(status, { location }).end();
  });
  const headers = {
    authorization: "Bearer s",
    cookie: "s",
    "x-vault-token": "s",
    "content-type": "text/plain",
    accept: "text/x",
  };
  await local().request(server.url, { method, headers, ...(method === "POST" ? { body: "data" } : {}) });
  return to === "other" ? other.requests[0] : server.requests[1];
}

test("redirects change the method as browsers do, and credentials stay with their host", async () => {
  for (const [status, method] of [
    [301, "GET"],
    [302, "GET"],
    [303, "GET"],
    [307, "POST"],
    [308, "POST"],
  ] as const) {
    const same = await redirected(status, "POST", "same");
    assert.equal(same?.method, method, String(status));
    assert.equal(same?.headers.authorization, "Bearer s");
    assert.equal(same?.headers["content-type"], method === "POST" ? "text/plain" : undefined);
  }
  for (const status of [301, 302, 303, 307, 308]) {
    const other = await redirected(status, "GET", "other");
    assert.equal(other?.headers.accept, "text/x", String(status));
    for (const name of ["authorization", "cookie", "x-vault-token"])
      assert.equal(other?.headers[name], undefined, name);
  }
  for (const status of [307, 308])
    await assert.rejects(redirected(status, "POST", "other"), { code: "egress_refused" });
});

test("redirects are bounded, and handed back where none are followed", async () => {
  await using server = await startCanary((_, response) => response.writeHead(302, { location: "/again" }).end());
  await assert.rejects(local({ limits: { redirects: 3 } }).request(server.url), { code: "egress_refused" });
  assert.equal(server.requests.length, 4);
  const answer = await local({ limits: { redirects: 0 } }).request(server.url);
  assert.deepEqual([answer.status, answer.headers["location"]], [302, "/again"]);
});

test("plain HTTP goes to allowed hosts only, unless the client may", async () => {
  const resolve = () => Promise.resolve([{ address: "2d00::1", family: 6 }]);
  const egress = testEgress({ resolve });
  await assert.rejects(egress.client("tool").request("http://public.test/"), {
    code: "egress_refused",
    message: /https/,
  });
  const may = egress.client("tool", { plainHttp: true, limits: { connectMs: 50 } });
  await assert.rejects(may.request("http://public.test/"), ({ code }) => code !== "egress_refused");
});

test("headers that frame a message cannot be set, nor lines smuggled into others", async () => {
  await using server = await startCanary();
  for (const name of ["Host", "Connection", "Content-Length", "Transfer-Encoding", "Upgrade", "Proxy-Authorization"])
    await assert.rejects(local().request(server.url, { headers: { [name]: "1" } }), { code: "egress_refused" }, name);
  await assert.rejects(local().request(server.url, { headers: { "x-a": "1\r\nx-b: 2" } }), { code: "egress_failed" });
  assert.equal(server.requests.length, 0);
});

test("the certificate is checked against the name, which also travels as SNI and Host, though the address is pinned", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-egress-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=pinned.test", "-addext", "subjectAltName=DNS:pinned.test"];
  try {
    await run("openssl", [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
      "-keyout",
      key,
      "-out",
      cert,
      ...subject,
    ]);
  } catch {
    return t.skip("requires the program openssl");
  }
  const ca = await readFile(cert, "utf8");
  const server = createTlsServer({ key: await readFile(key), cert: ca }, (request, response) => {
    response.end(`${request.headers.host} ${String((request.socket as TLSSocket).servername)}`);
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const egress = testEgress({ resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]) });
  const allow = [`pinned.test:${port}`, `other.test:${port}`];
  const answer = await egress.client("webhook", { allow, ca }).request(`https://pinned.test:${port}/`);
  assert.equal(answer.body.toString(), `pinned.test:${port} pinned.test`);
  // Controls: another name, and a certificate that nobody vouches for, even where the environment would let it pass.
  await assert.rejects(egress.client("webhook", { allow, ca }).request(`https://other.test:${port}/`), {
    code: "egress_failed",
  });
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  t.after(() => delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]);
  await assert.rejects(egress.client("webhook", { allow }).request(`https://pinned.test:${port}/`), {
    code: "egress_failed",
  });
});

const ASK = `
  const { testEgress } = await import(process.argv[1]);
  const client = testEgress({ allow: ["127.0.0.1"] }).client("tool");
  process.stdout.write((await client.request(process.argv[2])).body.toString());`;
const NAIVE = `
  const { get } = await import("node:http");
  get(process.argv[2], (answer) => answer.pipe(process.stdout));`;

test("a proxy in the environment is not asked; control: Node's own client asks it", async () => {
  await using proxy = await startCanary((_, response) => response.end("proxy"));
  await using server = await startCanary((_, response) => response.end("server"));
  const env = {
    ...process.env,
    NODE_USE_ENV_PROXY: "1",
    HTTP_PROXY: proxy.url,
    http_proxy: proxy.url,
    NO_PROXY: "",
    no_proxy: "",
  };
  const said = async (script: string): Promise<string> => {
    const testing = join(import.meta.dirname, "testing.ts");
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script, testing, server.url], {
      env,
      timeout: 20_000,
    });
    return stdout;
  };
  assert.equal(await said(ASK), "server");
  assert.equal(await said(NAIVE), "proxy");
});

test("a library's fetch goes through the client", async () => {
  await using server = await startCanary((request, response) => {
    if (request.url === "/gzip")
      response
        .writeHead(200, { "content-encoding": "gzip", "content-type": "application/json" })
        .end(gzipSync('{"a":1}'));
    else if (request.url === "/none") response.writeHead(204).end();
    else response.writeHead(302, { location: "/none" }).end();
  });
  const fetchLike = asFetch(local());
  const found = await fetchLike(`${server.url}gzip`, { headers: new Headers({ accept: "application/json" }) });
  assert.deepEqual(await found.json(), { a: 1 });
  const posted = await fetchLike(`${server.url}none`, { method: "post", body: new URLSearchParams({ a: "b" }) });
  assert.equal(posted.status, 204);
  assert.equal(server.requests[1]?.headers["content-type"], "application/x-www-form-urlencoded;charset=UTF-8");
  assert.equal((await fetchLike(server.url, { redirect: "manual" })).status, 302);
  assert.equal((await fetchLike(server.url)).status, 204);
  await assert.rejects(fetchLike(server.url, { redirect: "error" }), { code: "egress_refused" });
});

test("each request is counted once, by purpose and how it ended", async () => {
  await using server = await startCanary((request, response) =>
    response.writeHead(request.url === "/bad" ? 500 : 200).end(),
  );
  const metrics = createMetrics();
  const client = createEgress({ allow: ["127.0.0.1"], metrics }).client("splunk");
  await client.request(server.url);
  await client.request(`${server.url}bad`);
  await client.request("http://10.0.0.1/").catch(() => {});
  const text = await metrics.registry.metrics();
  for (const outcome of ["ok", "http_error", "refused"])
    assert.match(text, new RegExp(`slipway_egress_total\\{purpose="splunk",outcome="${outcome}"\\} 1\\n`));
});
