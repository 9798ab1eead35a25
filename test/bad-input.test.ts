import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, before, describe, test } from "node:test";
import * as fc from "fast-check";
import { type RunningServer, startServer } from "./support/server.ts";

const MALFORMED = Number(process.env["MALFORMED_REQUESTS"] ?? 10_000);
const AT_ONCE = 16;

/** One request of the property test. */
interface Attempt {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

const PATHS = [
  "/v1/chat/completions",
  "/v1/chat/completions",
  "/v1/chat/completions",
  "/v1/models",
  "/v1/nothing",
  "/api/v1/session",
  "/api/v1/agents",
  "/api/v1/agents/concierge",
  "/api/v1/agents/concierge/runs",
  "/api/v1/agents/%00/runs",
  "/api/v1/agents/__proto__/runs",
  "/api/v1/threads",
  "/api/v1/threads?limit=-1",
  "/api/v1/threads?cursor=x",
  "/api/v1/threads/thr_x/messages",
  "/api/v1/api-keys",
  "/api/v1/api-keys/%E0%A4%A",
  "/console/../../etc/passwd",
  "/console/%2e%2e/main.ts",
  "/%",
  "//",
  "/health/x",
];

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("{", "[]", "null", '"', "\u0000", "{}", '{"model":', "[[[[[[[["),
);
const loose = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom("user", "assistant", "tool", "system", "text", "mock-1", "agent/concierge", "agent/", "agent/none"),
);
const chat = fc.record(
  {
    model: fc.oneof(loose, fc.constant("mock-1")),
    messages: fc.oneof(
      loose,
      fc.array(
        fc.record({ role: loose, content: loose, tool_calls: loose, tool_call_id: loose }, { requiredKeys: [] }),
        { maxLength: 4 },
      ),
    ),
    tools: loose,
    tool_choice: loose,
    stream: fc.oneof(loose, fc.boolean()),
    temperature: loose,
    stop: loose,
    response_format: loose,
    metadata: loose,
    n: loose,
  },
  { requiredKeys: [] },
);
const attempt: fc.Arbitrary<Attempt> = fc.record({
  method: fc.constantFrom("POST", "POST", "POST", "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"),
  path: fc.constantFrom(...PATHS),
  headers: fc.record(
    {
      "content-type": fc.constantFrom(
        "application/json",
        "text/plain",
        "multipart/form-data",
        "application/json; charset=utf-16",
      ),
      traceparent: fc.constantFrom("00-0-0-0", "x".repeat(200)),
      "x-request-id": fc.constantFrom("abc", "a b", "x".repeat(300)),
      cookie: fc.constantFrom("slipway_session=garbage", "__Host-slipway_session=; =;;", "a=b"),
    },
    { requiredKeys: [] },
  ),
  body: fc.oneof(
    text,
    chat.map((value) => JSON.stringify(value)),
    fc.jsonValue().map((value) => JSON.stringify(value)),
  ),
});

function errorOf(body: string): { code: unknown } {
  const value = JSON.parse(body) as { error?: { code?: unknown }; code?: unknown };
  return { code: value.error?.code ?? value.code };
}

/** Sends one attempt and answers its status; throws when the answer is a 500 or does not have the error shape of its path. */
async function checkAttempt(url: string, apiKey: string, one: Attempt): Promise<number> {
  const { method, path, headers } = one;
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, ...headers },
    redirect: "manual",
    ...(method === "GET" || method === "HEAD" ? {} : { body: one.body }),
  });
  const body = await answer.text();
  assert.ok(answer.status < 500, `${answer.status} for ${JSON.stringify(one)}: ${body}`);
  if (answer.status >= 400 && method !== "HEAD") {
    assert.equal(typeof errorOf(body).code, "string", `no code in ${body}`);
    const type = answer.headers.get("content-type") ?? "";
    assert.equal(
      type,
      new URL(`${url}${path}`).pathname.startsWith("/v1/") ? "application/json" : "application/problem+json",
    );
  }
  return answer.status;
}

describe("bad input", () => {
  let server: RunningServer;
  before(async () => {
    server = await startServer({ env: { LOG_LEVEL: "error" } });
  });
  after(async () => {
    await server.stop();
  });

  const send = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json", ...headers },
      body,
    });

  test(`${MALFORMED} malformed requests: no answer of 500, every refusal in the shape of its dialect, and the process lives`, async () => {
    const statuses = new Map<number, number>();
    const attempts = fc.sample(attempt, { numRuns: MALFORMED, seed: 20_261_121 });
    for (let at = 0; at < attempts.length; at += AT_ONCE) {
      for (const status of await Promise.all(
        attempts.slice(at, at + AT_ONCE).map((one) => checkAttempt(server.url, server.apiKey, one)),
      )) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }
    assert.ok((statuses.get(400) ?? 0) > MALFORMED / 10, `too few were refused: ${JSON.stringify([...statuses])}`);
    assert.equal((await fetch(`${server.url}/health`)).status, 200);
    assert.equal(server.output().includes("not foreseen"), false, server.output());
  });

  test("control: a server that answers one malformed body with 500 is found by the same requests", async () => {
    const planted = createServer((req, res) => {
      let body = "";
      req.on("data", (chunk) => (body += String(chunk)));
      req.on("end", () => {
        try {
          JSON.parse(body || "{}");
          res.writeHead(200).end();
        } catch {
          res.writeHead(500).end('{"code":"internal"}');
        }
      });
    });
    await new Promise<void>((resolve) => planted.listen(0, "127.0.0.1", resolve));
    const { port } = planted.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const results = await Promise.allSettled(
      fc.sample(attempt, { numRuns: 200, seed: 1 }).map((one) => checkAttempt(url, "k", one)),
    );
    planted.close();
    assert.ok(results.some((result) => result.status === "rejected"));
  });

  test("malformed JSON says so in OpenAI's error shape", async () => {
    const answer = await send("/v1/chat/completions", '{"model": "mock-1", ');
    assert.equal(answer.status, 400);
    const { error } = (await answer.json()) as { error: { code: string; type: string; message: string; param: null } };
    assert.equal(error.code, "invalid_json");
    assert.equal(error.type, "invalid_request_error");
  });

  test("a body of 20 MB is refused with 413 that the client can read, and the next request is answered", async () => {
    const answer = await send(
      "/v1/chat/completions",
      JSON.stringify({ model: "mock-1", messages: [{ role: "user", content: "x".repeat(20_000_000) }] }),
    );
    assert.equal(answer.status, 413);
    assert.equal(errorOf(await answer.text()).code, "body_too_large");
    const next = await send(
      "/v1/chat/completions",
      JSON.stringify({ model: "mock-1", messages: [{ role: "user", content: "x" }] }),
    );
    assert.equal(next.status, 200);
  });

  test("an unknown route is told in the shape of its family of paths", async () => {
    const openai = await send("/v1/completions-of-mine", "{}");
    assert.equal(openai.status, 404);
    assert.equal(((await openai.json()) as { error: { code: string } }).error.code, "not_found");
    const rest = await send("/api/v1/nothing", "{}");
    assert.equal(rest.headers.get("content-type"), "application/problem+json");
    assert.equal(((await rest.json()) as { code: string }).code, "not_found");
  });

  test("the wrong method on the chat route is 405", async () => {
    const answer = await fetch(`${server.url}/v1/chat/completions`, {
      headers: { authorization: `Bearer ${server.apiKey}` },
    });
    assert.equal(answer.status, 405);
    assert.equal(errorOf(await answer.text()).code, "method_not_allowed");
  });

  test("no key, an unknown key and a key of odd bytes are 401 with what to do", async () => {
    for (const headers of [
      {},
      { authorization: "Bearer nope" },
      { "x-api-key": "nope" },
      { authorization: "Basic eDp5" },
      { authorization: "Bearer \u00fc" },
    ]) {
      const answer = await fetch(`${server.url}/v1/models`, { headers: headers as Record<string, string> });
      assert.equal(answer.status, 401);
      assert.match(await answer.text(), /Authorization: Bearer/);
    }
  });

  test("bytes that are no HTTP are refused and do not disturb others", async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const { port } = new URL(server.url);
      const socket = connect(Number(port), "127.0.0.1", () =>
        socket.write("\u0016\u0003\u0001 this is not http\r\n\r\n"),
      );
      let got = "";
      socket.on("data", (chunk) => (got += chunk.toString()));
      socket.on("close", () => resolve(got));
      socket.on("error", reject);
    });
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.equal((await fetch(`${server.url}/health`)).status, 200);
  });
});
