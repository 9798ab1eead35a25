import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { LLMock } from "@copilotkit/aimock";
import type { UsageReportAnswer } from "@slipway/contracts/api/usage.ts";
import OpenAI from "openai";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";
import { type RunningServer, startServer } from "./support/server.ts";

/** An outside mock answers chats and makes vectors; the latter over a proxy that breaks what it is told to. */

const STORY = "Open the settings, choose a new password, and confirm it by the letter that we send.";
const VECTOR_USD = 0.001;
const SEMANTIC = { "x-slipway-cache": "semantic" };
// Longer than a busy machine takes for a vector, and the time that a request waits for a silent model.
const TIMEOUT_MS = 5_000;

const FILE = `
routes:
  - name: help
    targets: [{ target: openai-compatible/m }]
    cache: { ttl: 1h, semantic: { threshold: 0.9 } }
  - name: strict
    targets: [{ target: openai-compatible/m }]
    cache: { ttl: 1h, semantic: { threshold: 0.999 } }
  - name: capped
    targets: [{ target: openai-compatible/m }]
limits:
  - name: purse
    match: { route: capped }
    budget: { day: ${2.5 * VECTOR_USD} }
`;

interface Told {
  readonly text: string;
  readonly cache: string | null;
  readonly similarity: string | null;
}

describe("the semantic cache", () => {
  const mock = new LLMock({ port: 0 });
  let proxy: FaultProxy;
  let folder: string;
  let server: RunningServer;
  let client: OpenAI;

  const ask = async (
    content: string,
    headers: Record<string, string> = {},
    { model = "help", system = "be kind", stream = false } = {},
  ): Promise<Told> => {
    const messages = [
      { role: "system" as const, content: system },
      { role: "user" as const, content },
    ];
    let text = "";
    let told: Response;
    if (stream) {
      const { data, response } = await client.chat.completions
        .create({ model, messages, stream: true }, { headers })
        .withResponse();
      for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? "";
      told = response;
    } else {
      const { data, response } = await client.chat.completions.create({ model, messages }, { headers }).withResponse();
      text = data.choices[0]?.message.content ?? "";
      told = response;
    }
    return {
      text,
      cache: told.headers.get("x-slipway-cache"),
      similarity: told.headers.get("x-slipway-cache-similarity"),
    };
  };
  const chats = (): number => mock.getRequests().filter(({ path }) => path.includes("chat")).length;
  const metric = async (line: string): Promise<number> => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(
      text
        .split("\n")
        .find((found) => found.startsWith(line))
        ?.slice(line.length) ?? 0,
    );
  };

  before(async () => {
    mock.onEmbedding("forgotten", { embedding: [0.98, 0.2, 0] });
    mock.onEmbedding("reset", { embedding: [1, 0, 0] });
    mock.onEmbedding("cost", { embedding: [0, 1, 0] });
    mock.onMessage(/password|cost|other/, { content: STORY }, { chunkSize: 8 });
    await mock.start();
    proxy = await startFaultProxy(mock.url);
    folder = await mkdtemp(join(tmpdir(), "slipway-semantic-"));
    const file = join(folder, "slipway.yaml");
    await writeFile(file, FILE);
    server = await startServer({
      env: {
        SLIPWAY_CONFIG: file,
        OPENAI_API_KEY: "sk-test",
        OPENAI_BASE_URL: `${proxy.url}/v1`,
        OPENAI_COMPATIBLE_BASE_URL: `${mock.url}/v1`,
        SEMANTIC_CACHE_MODEL: "openai/text-embedding-3-small",
        SEMANTIC_CACHE_TIMEOUT_MS: String(TIMEOUT_MS),
        PRICE_OVERRIDES: JSON.stringify({
          openai: { "*": { input: 0, output: 0, request: VECTOR_USD } },
          "openai-compatible": { "*": { input: 0, output: 0 } },
        }),
      },
    });
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.apiKey, maxRetries: 0 });
  });
  after(async () => {
    await server.stop();
    await proxy.close();
    await mock.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("a route's question of nearly the same meaning is given the answer, whole and as a stream, without the model", async () => {
    assert.deepEqual(await ask("how do I reset my password"), { text: STORY, cache: "miss", similarity: null });
    const reached = chats();
    const hit = { text: STORY, cache: "semantic-hit", similarity: "0.9798" };
    assert.deepEqual(await ask("I have forgotten my password"), hit);
    assert.deepEqual(await ask("forgotten: the password", {}, { stream: true }), hit);
    assert.deepEqual(await ask("how do I reset my password"), { text: STORY, cache: "hit", similarity: null });
    assert.equal(chats(), reached);
    assert.equal(await metric('slipway_answer_cache_total{result="semantic"} '), 2);
    assert.equal(await metric('slipway_semantic_cache_total{result="hit"} '), 2);
    assert.equal(await metric("slipway_semantic_cache_entries "), 1);
  });

  test("another meaning, another system prompt, a higher threshold, and a request for equal answers reach the model", async () => {
    const near = "my password is forgotten";
    const reached = chats();
    assert.equal((await ask("what does it cost")).cache, "miss");
    assert.equal((await ask(near, {}, { system: "be brief" })).cache, "miss");
    assert.equal((await ask(near, { "x-slipway-cache-threshold": "0.99" })).cache, "miss");
    assert.equal((await ask(`${near}!`, { "x-slipway-cache": "true" })).cache, "miss");
    assert.equal((await ask(`${near}?`, { "x-slipway-cache": "false" })).cache, null);
    assert.equal(chats(), reached + 5);
    // The same on a route whose own threshold is higher; controls: what is asked for by header, and how near.
    assert.equal((await ask("reset the password", {}, { model: "strict" })).cache, "miss");
    assert.equal((await ask(near, {}, { model: "strict" })).cache, "miss");
    const wide = { ...SEMANTIC, "x-slipway-cache-threshold": "0.5" };
    assert.equal((await ask("forgotten my password", wide, { model: "strict" })).cache, "semantic-hit");
    const plain = { model: "openai-compatible/m" };
    assert.equal((await ask("reset my password", SEMANTIC, plain)).cache, "miss");
    assert.equal((await ask("forgotten, my password", SEMANTIC, plain)).cache, "semantic-hit");
  });

  test("a vector is a line of the ledger with its price, for the route's caller", async () => {
    const usage = async (): Promise<{ calls: number; cost: number }> => {
      const headers = { authorization: `Bearer ${server.apiKey}` };
      const answer = await fetch(`${server.url}/api/v1/usage?by=model`, { headers });
      const { groups } = (await answer.json()) as UsageReportAnswer;
      const found = groups.find(({ model }) => model === "text-embedding-3-small");
      return { calls: found?.calls ?? 0, cost: found?.costMicros ?? 0 };
    };
    await ask("does another thing cost money");
    // Calls of that provider are for vectors alone. Their lines are written a moment later.
    const calls = await metric('slipway_model_calls_total{provider="openai",outcome="ok"} ');
    assert.ok(calls > 1);
    let booked = await usage();
    while (booked.calls < calls) booked = await usage();
    assert.deepEqual(booked, { calls, cost: calls * VECTOR_USD * 1e6 });
  });

  test("a budget pays for vectors, and refuses before it would be exceeded by one", async () => {
    const capped = { model: "capped" };
    for (const text of ["a first cost", "a second cost"]) assert.equal((await ask(text, SEMANTIC, capped)).text, STORY);
    await assert.rejects(ask("a third cost", SEMANTIC, capped), { status: 429, code: "budget_exceeded" });
    // Control: it is the vector that costs.
    assert.equal((await ask("a third cost", { "x-slipway-cache": "true" }, capped)).cache, "miss");
  });

  test("an embedding model that nobody serves ends the start and is named", async () => {
    const env = { ANTHROPIC_API_KEY: "sk-test", SEMANTIC_CACHE_MODEL: "anthropic/claude-haiku-4-5" };
    await assert.rejects(startServer({ env }), /ended with 2 [^]*SEMANTIC_CACHE_MODEL[^]*no embedding models/);
  });

  test("a silent or broken embedding model costs a miss and its time, never the request; after a while it is left alone", async () => {
    proxy.always(() => ({ kind: "stall" }));
    const began = performance.now();
    assert.deepEqual(await ask("another cost"), { text: STORY, cache: "miss", similarity: null });
    assert.ok(performance.now() - began >= TIMEOUT_MS - 50);
    assert.equal(await metric('slipway_semantic_cache_total{result="timeout"} '), 1);
    proxy.always(() => ({ kind: "answer", status: 401 }));
    for (let count = 0; count < 6; count += 1) assert.equal((await ask(`some other question ${count}`)).cache, "miss");
    const seen = proxy.requests;
    assert.equal((await ask("one more other question")).cache, "miss");
    assert.equal(proxy.requests, seen, "the embedding model is left alone");
    assert.ok((await metric('slipway_semantic_cache_total{result="paused"} ')) >= 2);
    assert.match(server.output(), /questions are not compared/);
    proxy.next();
  });
});
