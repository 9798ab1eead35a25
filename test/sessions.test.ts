import assert from "node:assert/strict";
import { test } from "node:test";
import { sharedDatabase } from "./support/replicas.ts";
import { type RunningServer, startServer } from "./support/server.ts";
import { until } from "./support/workers.ts";

// Runs alone: it holds the server to three seconds.

const KEY = "a-key-of-two-servers-0123456789";

async function open(server: RunningServer): Promise<{ readonly cookie: string; readonly csrfToken: string }> {
  const response = await fetch(`${server.url}/api/v1/session`, {
    method: "POST",
    headers: { origin: server.url, "content-type": "application/json" },
    body: JSON.stringify({ apiKey: KEY }),
  });
  assert.equal(response.status, 201);
  const { csrfToken } = (await response.json()) as { csrfToken: string };
  return { cookie: response.headers.getSetCookie()[0]?.split(";")[0] ?? "", csrfToken };
}

const statusAt = async (server: RunningServer, cookie: string): Promise<number> =>
  (await fetch(`${server.url}/api/v1/session`, { headers: { cookie } })).status;

test("a session holds on every server of a database, and signing out at one ends it at all", async (t) => {
  const database = await sharedDatabase(t);
  if (!database) return;
  const [a, b] = await Promise.all(
    [1, 2].map(() => startServer({ env: { ...database.env, API_KEY: KEY, TEST_MODE: "true" } })),
  );
  t.after(() => Promise.all([a?.stop(), b?.stop()]));
  assert.ok(a && b);
  const [first, second] = [await open(a), await open(a)];
  assert.equal(await statusAt(b, first.cookie), 200, "at once, though it was opened elsewhere");
  assert.equal(await statusAt(b, second.cookie), 200);
  const close = (path: string, session: typeof first, server: RunningServer): Promise<Response> =>
    fetch(server.url + path, {
      method: "DELETE",
      headers: { cookie: session.cookie, origin: server.url, "x-csrf-token": session.csrfToken },
    });
  const began = performance.now();
  assert.equal((await close("/api/v1/session", first, b)).status, 204);
  await until("the other server has heard of it", async () => (await statusAt(a, first.cookie)) === 401, 20);
  const took = performance.now() - began;
  t.diagnostic(`ended elsewhere after ${Math.round(took)} ms`);
  // A second is promised. What a busy machine adds is not the product's; a lost notification would take longer than this by far.
  assert.ok(took < 10_000, `ended elsewhere after ${Math.round(took)} ms`);
  assert.equal(await statusAt(a, second.cookie), 200, "control: others go on");
  const third = await open(b);
  assert.equal((await close("/api/v1/session/all", second, a)).status, 204);
  await until(
    "all of them have ended",
    async () => (await statusAt(b, third.cookie)) === 401 && (await statusAt(b, second.cookie)) === 401,
    20,
  );
  const [stored] = await database.query(
    "select string_agg(caller::text || encode(token_hash, 'hex'), ' ') as text from slipway.sessions",
  );
  assert.ok(
    !String(stored?.["text"]).includes(KEY) && !String(stored?.["text"]).includes(third.cookie.split("=")[1] ?? "?"),
  );
  // Of the sessions of one owner the oldest makes room for the twenty-first.
  const many: string[] = [];
  for (let n = 0; n < 21; n += 1) many.push((await open(a)).cookie);
  await until("the oldest has made room", async () => (await statusAt(a, many[0] ?? "")) === 401, 20);
  assert.equal(await statusAt(a, many[1] ?? ""), 200);
});
