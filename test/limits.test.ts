import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { later } from "../server/src/store/testing/databases.ts";
import { privateRedis } from "../server/src/store/testing/private-redis.ts";
import { MOST_TOKENS, type PricedUpstream, startPricedUpstream } from "./support/priced-upstream.ts";
import { sharedDatabase } from "./support/replicas.ts";
import { type RunningServer, startServer } from "./support/server.ts";
import { ask, type Asked, until } from "./support/workers.ts";

/** Dollars that a token of an answer costs here; a prompt costs nothing. */
const TOKEN_USD = 0.001;
const CAP_USD = 1;
const FILE = `
limits:
  - name: purse
    match: { tenant: default }
    budget: { day: ${CAP_USD}, outageShare: 0, alerts: [0.5] }
  - name: purse-of-two
    match: { tenant: two }
    budget: { month: ${CAP_USD}, outageShare: 0 }
  - name: pace
    match: { tenant: paced }
    requestsPerMinute: 3
    tokensPerMinute: 100000
`;

interface Caller {
  readonly url: string;
  readonly apiKey: string;
}

const as = (server: RunningServer, apiKey: string): Caller => ({ url: server.url, apiKey });

function call(caller: Caller, prompt = "hello"): Promise<Asked> {
  const messages = [{ role: "user", content: prompt }];
  return ask(caller, "/v1/chat/completions", { body: { model: "m", max_tokens: MOST_TOKENS, messages } });
}

/** The status and, of a refusal, its code. */
async function outcome(asked: Promise<Asked>): Promise<string> {
  const answer = await asked;
  const body = JSON.parse(await answer.text()) as { error?: { code?: string } };
  return answer.status === 200 ? "ok" : `${answer.status} ${body.error?.code ?? ""}`;
}

/** So many calls at each of these servers at once; how many of them ended how. */
async function storm(callers: readonly Caller[], each: number, run: (caller: Caller) => Promise<string>) {
  const outcomes = await Promise.all(callers.flatMap((caller) => Array.from({ length: each }, () => run(caller))));
  return Map.groupBy(outcomes, (what) => what);
}

/** What the checks work on. */
interface World {
  readonly servers: readonly RunningServer[];
  readonly first: RunningServer;
  readonly second: RunningServer;
  readonly third: RunningServer;
  readonly upstream: PricedUpstream;
  /** Settings of a server without Redis on the same database. */
  readonly alone: Readonly<Record<string, string>>;
  /** Dollars of a tenant's lines. */
  ledger(tenant: string): Promise<number>;
  settled(tenant: string, usd: number): Promise<void>;
}

/** Three servers on one PostgreSQL and one Redis; undefined after the test was skipped. */
async function open(t: TestContext): Promise<World | undefined> {
  const database = await sharedDatabase(t);
  const redis = database && (await privateRedis(t));
  if (!database || !redis) return undefined;
  const upstream = await startPricedUpstream();
  later(t, () => upstream.close());
  const folder = await mkdtemp(join(tmpdir(), "slipway-limits-"));
  later(t, () => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "slipway.yaml");
  await writeFile(file, FILE);
  const alone = {
    ...database.env,
    SLIPWAY_CONFIG: file,
    TEST_MODE: "false",
    OPENAI_COMPATIBLE_BASE_URL: upstream.url,
    PRICE_OVERRIDES: JSON.stringify({ "openai-compatible": { "*": { input: 0, output: TOKEN_USD * 1e6 } } }),
    API_KEY: "a-key-of-the-test-of-limits",
  };
  const together = {
    ...alone,
    REDIS_URL: redis.url,
    // What is shown here is not how fast Redis is on a busy machine.
    REDIS_TIMEOUT_MS: "5000",
    REPLICAS: "3",
    LIMIT_LEASE_SECONDS: "8",
  };
  for (const tenant of ["two", "free", "paced"]) await database.addTenant(tenant, `a-key-of-the-tenant-${tenant}`);
  await database.query("update slipway.api_keys set role = 'owner'");
  const servers = await Promise.all(Array.from({ length: 3 }, () => startServer({ env: together })));
  later(t, async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });
  const [first, second, third] = servers as [RunningServer, RunningServer, RunningServer];
  const ledger = async (tenant: string): Promise<number> => {
    const text = "select coalesce(sum(cost_pico), 0)::text as cost from slipway.usage_ledger where tenant_id = $1";
    return Number((await database.query(text, [tenant]))[0]?.["cost"]) / 1e12;
  };
  const settled = async (tenant: string, usd: number): Promise<void> =>
    until("the ledger has it all", async () => Math.abs((await ledger(tenant)) - usd) < 1e-9);
  return { servers, first, second, third, upstream, alone, ledger, settled };
}

/** In their order: later ones go on from what earlier ones have spent. */
const CHECKS: readonly (readonly [name: string, check: (world: World) => Promise<void>])[] = [
  [
    "3 × 200 calls at once never pass a budget, and the ledger is the upstream's truth",
    async (world) => {
      const { servers, upstream } = world;
      const ended = await storm(servers, 200, (server) => outcome(call(server)));
      assert.deepEqual([...ended.keys()].toSorted(), ["429 budget_exceeded", "ok"]);
      // All that fits at its worst price is let in at least.
      assert.ok((ended.get("ok")?.length ?? 0) >= CAP_USD / (MOST_TOKENS * TOKEN_USD), String(ended.get("ok")?.length));
      assert.equal(ended.get("ok")?.length, upstream.answers);
      const truth = upstream.tokens * TOKEN_USD;
      assert.ok(truth <= CAP_USD, String(truth));
      await world.settled("default", truth);
    },
  ],

  [
    "the budget can be spent to its end, and is told of once",
    async (world) => {
      const { servers, second, upstream } = world;
      let refused = 0;
      await until(
        "nothing fits any more",
        async () => {
          refused = (await outcome(call(second))) === "ok" ? 0 : refused + 1;
          return refused === 10;
        },
        10,
      );
      const truth = upstream.tokens * TOKEN_USD;
      assert.ok(truth <= CAP_USD && truth > CAP_USD - 2 * MOST_TOKENS * TOKEN_USD, String(truth));
      await world.settled("default", truth);
      const told = servers.flatMap((server) => server.output().match(/a budget is spent to 50 %/g) ?? []);
      assert.equal(told.length, 1);
    },
  ],

  [
    "control: calls that look at the ledger first and then go pass the same budget",
    async (world) => {
      const { servers, upstream } = world;
      const before = upstream.tokens;
      const callers = servers.map((server) => as(server, "a-key-of-the-tenant-free"));
      // Twelve clients look before the first one goes: nobody has spent anything yet, so all of them may, with fifty calls each.
      const looks = await storm(callers, 4, async (caller) => {
        const { total } = JSON.parse(await (await ask(caller, "/api/v1/usage")).text()) as {
          total: { costMicros: number };
        };
        return total.costMicros < CAP_USD * 1e6 ? "go" : "refused";
      });
      assert.equal(looks.get("go")?.length, 12);
      await storm(callers, 200, (caller) => outcome(call(caller)));
      assert.ok((upstream.tokens - before) * TOKEN_USD > CAP_USD);
    },
  ],

  [
    "what a killed server had reserved comes back",
    async (world) => {
      const { first, third, upstream } = world;
      const key = "a-key-of-the-tenant-two";
      const fits = Math.floor(CAP_USD / (MOST_TOKENS * TOKEN_USD));
      const hanging = Array.from({ length: fits }, () => call(as(third, key), "hang").catch(() => undefined));
      await until("all of them are let in", () => upstream.hanging === fits);
      assert.equal(await outcome(call(as(first, key))), "429 budget_exceeded");
      // Longer than a lease lives: those of a server that lives are renewed.
      await new Promise((resolve) => setTimeout(resolve, 9000));
      assert.equal(await outcome(call(as(first, key))), "429 budget_exceeded");
      third.kill("SIGKILL");
      await Promise.all(hanging);
      await until("the money is back", async () => (await outcome(call(as(first, key)))) === "ok");
    },
  ],

  [
    "answers say what is left, and refusals which limit it was, in the words of each path's clients",
    async (world) => {
      const { first } = world;
      const caller = as(first, "a-key-of-the-tenant-paced");
      const body = { model: "m", max_tokens: 5, messages: [{ role: "user", content: "hello" }] };
      const openai = await ask(caller, "/v1/chat/completions", { body });
      assert.equal(openai.status, 200);
      assert.equal(openai.headers["x-ratelimit-limit-requests"], "3");
      assert.equal(openai.headers["x-ratelimit-remaining-requests"], "2");
      assert.match(String(openai.headers["x-ratelimit-reset-requests"]), /^\d+s$/);
      assert.equal(openai.headers["x-ratelimit-limit-tokens"], "100000");
      assert.match(String(openai.headers["ratelimit"]), /^"pace";r=2;t=\d+, "pace-tokens";r=99\d\d\d;t=\d+$/);
      assert.equal(openai.headers["ratelimit-policy"], '"pace";q=3;w=60, "pace-tokens";q=100000;qu="tokens";w=60');
      const anthropic = await ask(caller, "/v1/messages", { body });
      assert.equal(anthropic.headers["anthropic-ratelimit-requests-limit"], "3");
      assert.match(String(anthropic.headers["anthropic-ratelimit-requests-reset"]), /^\d{4}-\d\d-\d\dT[\d:]{8}Z$/);
      await (await ask(caller, "/v1/chat/completions", { body })).text();
      const refused = await Promise.all([
        ask(caller, "/v1/chat/completions", { body }),
        ask(caller, "/v1/messages", { body }),
        ask(caller, "/v1beta/models/m:generateContent", { body: { contents: [{ parts: [{ text: "hello" }] }] } }),
      ]);
      const [chat = "", messages = "", gemini = ""] = await Promise.all(refused.map((answer) => answer.text()));
      assert.deepEqual(
        refused.map(({ status }) => status),
        [429, 429, 429],
      );
      for (const { headers } of refused) assert.ok(Number(headers["retry-after"]) > 0, String(headers["retry-after"]));
      const { error } = JSON.parse(chat) as { error: { code: string; type: string; message: string } };
      assert.equal(`${error.code} ${error.type}`, "rate_limited rate_limit_error");
      assert.match(error.message, /3 requests a minute are allowed by the limit `pace`/);
      assert.match(messages, /"type":"rate_limit_error".*"error_code":"rate_limited"/);
      assert.match(gemini, /"status":"RESOURCE_EXHAUSTED".*"retryDelay":"\d+s"/);
    },
  ],

  [
    "a limit that a tenant declares is in force on every server within a second, and goes as it came",
    async (world) => {
      const { first, second } = world;
      const path = "/api/v1/limits/mine";
      const caller = as(first, "a-key-of-the-tenant-free");
      const put = (body: object) => ask(caller, path, { method: "PUT", body });
      assert.equal((await put({ per: "key" })).status, 400);
      assert.equal((await put({ requestsPerMinute: 1, match: { tenant: "default" } })).status, 400);
      assert.equal((await put({ requestsPerMinute: 1, match: { key: "no\0key" } })).status, 400);
      assert.equal((await put({ budget: { day: 0.002, outageShare: 0 } })).status, 201);
      assert.equal(await outcome(call(caller)), "429 budget_exceeded");
      const began = performance.now();
      const elsewhere = as(second, "a-key-of-the-tenant-free");
      await until("the other server has it", async () => (await outcome(call(elsewhere))) !== "ok", 20);
      // A second is promised; the rest is for a machine that does something else.
      assert.ok(performance.now() - began < 20_000);
      assert.equal((await ask(first, path)).status, 404);
      const list = await (await ask(elsewhere, "/api/v1/limits")).text();
      assert.match(list, /"name":"mine".*"source":"api"/);
      assert.ok(!list.includes("purse"), "a tenant sees limits of others");
      assert.equal((await ask(caller, path, { method: "DELETE" })).status, 204);
      assert.equal(await outcome(call(caller)), "ok");
    },
  ],

  [
    "a server that starts anew, without Redis, knows what was spent",
    async (world) => {
      const { alone } = world;
      await world.settled("default", await world.ledger("default"));
      const again = await startServer({ env: alone });
      try {
        assert.equal(await outcome(call(again)), "429 budget_exceeded");
        // Control: a tenant that has spent little, on the same server, under a budget of the same size.
        assert.equal(await outcome(call(as(again, "a-key-of-the-tenant-two"))), "ok");
      } finally {
        await again.stop();
      }
    },
  ],
];

test("three servers keep limits together", { timeout: 300_000 }, async (t) => {
  const world = await open(t);
  if (!world) return;
  for (const [name, check] of CHECKS) await t.test(name, () => check(world));
});

test("more than one replica without Redis is refused at the start", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-limits-"));
  later(t, () => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "slipway.yaml");
  await writeFile(file, FILE);
  const base = { DATABASE_URL: "postgresql://nobody@127.0.0.1:1/nothing", SLIPWAY_CONFIG: file };
  const replicas = startServer({ env: { ...base, REPLICAS: "2" } });
  await assert.rejects(replicas, /ended with 2[^]*REDIS_URL is missing: 2 replicas/);
});
