import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { LLMock } from "@copilotkit/aimock";
import OpenAI from "openai";
import { later } from "../server/src/store/testing/databases.ts";
import { sharedDatabase } from "./support/replicas.ts";
import { requireRedis } from "./support/require.ts";
import { type RunningServer, startServer } from "./support/server.ts";

const STORY = "Once upon a time there was a harbour where ships were built. Grüße! 🚢";
const KEY = "test-key-of-the-cache-test";

async function startMock(t: TestContext): Promise<LLMock> {
  const mock = new LLMock({ port: 0 });
  mock.onMessage("tell a story", { content: STORY });
  mock.onMessage("fail", { error: { message: "broken", type: "server_error" }, status: 500 });
  await mock.start();
  later(t, () => mock.stop());
  return mock;
}

async function start(t: TestContext, mock: LLMock, env: Readonly<Record<string, string>>): Promise<RunningServer> {
  const server = await startServer({
    env: { API_KEY: KEY, OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: `${mock.url}/v1`, ...env },
  });
  later(t, () => server.stop());
  return server;
}

const clientOf = (server: RunningServer): OpenAI =>
  new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.apiKey, maxRetries: 0 });

interface Answer {
  readonly text: string;
  readonly chunks: number;
  readonly cache: string | null;
  readonly age: string | null;
}

async function ask(client: OpenAI, content: string, stream: boolean, headers: Record<string, string>): Promise<Answer> {
  const body = { model: "gpt-5-mini", messages: [{ role: "user" as const, content }] };
  if (!stream) {
    const { data, response } = await client.chat.completions.create(body, { headers }).withResponse();
    const text = data.choices[0]?.message.content ?? "";
    return { text, chunks: 1, cache: response.headers.get("x-slipway-cache"), age: response.headers.get("age") };
  }
  const { data, response } = await client.chat.completions
    .create({ ...body, stream: true }, { headers })
    .withResponse();
  let text = "";
  let chunks = 0;
  for await (const chunk of data) {
    const delta = chunk.choices[0]?.delta.content ?? "";
    if (delta !== "") chunks += 1;
    text += delta;
  }
  return { text, chunks, cache: response.headers.get("x-slipway-cache"), age: response.headers.get("age") };
}

const CACHED = { "x-slipway-cache": "true" };

test("an answer is kept when the request asks for it, and given whole or as a stream", async (t) => {
  const mock = await startMock(t);
  const server = await start(t, mock, {});
  const client = clientOf(server);
  const first = await ask(client, "tell a story", true, CACHED);
  assert.deepEqual([first.text, first.cache, first.age], [STORY, "miss", null]);
  const reached = mock.getRequests().length;
  const streamed = await ask(client, "tell a story", true, CACHED);
  const whole = await ask(client, "tell a story", false, CACHED);
  assert.deepEqual([streamed.text, streamed.cache, streamed.chunks], [STORY, "hit", first.chunks]);
  assert.ok(streamed.chunks > 1);
  assert.match(streamed.age ?? "", /^\d+$/);
  assert.deepEqual([whole.text, whole.cache], [STORY, "hit"]);
  assert.equal(mock.getRequests().length, reached);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assert.match(metrics, /slipway_answer_cache_total\{result="memory"\} 2/);

  // Controls: a request that does not ask, or says no, reaches the model.
  assert.equal((await ask(client, "tell a story", true, {})).cache, null);
  await ask(client, "tell a story", true, { ...CACHED, "cache-control": "no-store" });
  assert.equal((await ask(client, "tell a story", true, { ...CACHED, "cache-control": "no-cache" })).cache, "miss");
  assert.equal(mock.getRequests().length, reached + 3);
});

test("a failure is not kept, and what only a cache could answer says that there is nothing", async (t) => {
  const mock = await startMock(t);
  const client = clientOf(await start(t, mock, {}));
  // A failure is tried again by the router too, so the upstream sees more than one request for each.
  const failed = async (): Promise<number> => {
    await assert.rejects(ask(client, "fail", false, CACHED), { code: "provider_error" });
    return mock.getRequests().length;
  };
  const first = await failed();
  const seen = await failed();
  assert.ok(first > 0 && seen > first, `${first}, then ${seen}`);
  const only = { ...CACHED, "cache-control": "only-if-cached" };
  await assert.rejects(ask(client, "tell a story", false, only), { code: "not_cached", status: 504 });
  // There is no embedding model here to compare by.
  for (const value of ["maybe", "semantic"])
    await assert.rejects(ask(client, "tell a story", false, { "x-slipway-cache": value }), OpenAI.BadRequestError);
  assert.equal(mock.getRequests().length, seen);
});

test("replicas share answers through Redis; a hit is audited and a line of the ledger; another tenant has none", async (t) => {
  const redis = requireRedis(t);
  if (redis === undefined) return;
  const database = await sharedDatabase(t);
  if (!database) return;
  const mock = await startMock(t);
  const env = { ...database.env, REDIS_URL: redis, REDIS_TIMEOUT_MS: "5000" };
  const [one, two] = [await start(t, mock, env), await start(t, mock, env)];
  assert.equal((await ask(clientOf(one), "tell a story", true, CACHED)).cache, "miss");
  assert.equal((await untilHit(clientOf(two), mock)).text, STORY);

  const lines = () =>
    database.query(
      "select source, outcome, cost_pico::int as cost, provider from slipway.usage_ledger where source = 'cache'",
    );
  while ((await lines()).length === 0) await sleep(50);
  assert.deepEqual((await lines())[0], { source: "cache", outcome: "ok", cost: 0, provider: "openai" });
  const audited = () =>
    database.query("select id from slipway.audit_records where action = 'model.call' and outcome = 'ok'");
  while ((await audited()).length < 2) await sleep(50);

  await database.addTenant("other", "key-of-the-other-tenant");
  const other = new OpenAI({ baseURL: `${two.url}/v1`, apiKey: "key-of-the-other-tenant", maxRetries: 0 });
  const answer = await untilKnown(() => ask(other, "tell a story", true, CACHED));
  assert.equal(answer.cache, "miss");
  // Control: the tenant whose answer it is has it there.
  assert.equal((await ask(clientOf(two), "tell a story", true, CACHED)).cache, "hit");
});

test("a Redis that is away keeps nobody from an answer", async (t) => {
  const mock = await startMock(t);
  const server = await start(t, mock, { REDIS_URL: "redis://127.0.0.1:1" });
  const client = clientOf(server);
  assert.equal((await ask(client, "tell a story", true, CACHED)).cache, "miss");
  assert.equal((await ask(client, "tell a story", true, CACHED)).cache, "hit");
  assert.match(server.output(), /Redis is passed over/);
});

/** The answer as soon as the server knows the key. */
async function untilKnown(work: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof OpenAI.AuthenticationError)) throw error;
      await sleep(100);
    }
  }
}

/** Asks until the second replica has the answer: it is shared after the first client has it. */
async function untilHit(client: OpenAI, mock: LLMock): Promise<Answer> {
  const only = { ...CACHED, "cache-control": "only-if-cached" };
  const reached = mock.getRequests().length;
  for (;;) {
    const answer = await ask(client, "tell a story", true, only).catch(() => undefined);
    assert.equal(mock.getRequests().length, reached);
    if (answer) return answer;
  }
}
