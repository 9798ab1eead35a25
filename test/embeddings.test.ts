import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { createGoogle } from "@ai-sdk/google";
import { LLMock } from "@copilotkit/aimock";
import { GoogleGenAI } from "@google/genai";
import { embedMany } from "ai";
import OpenAI from "openai";
import { startFaultProxy } from "./support/fault-proxy.ts";
import { type RunningServer, startServer } from "./support/server.ts";

/** Providers with embedding models, each on the same outside mock; Anthropic has none. */
const UPSTREAMS = [
  {
    family: "openai",
    model: "text-embedding-3-small",
    env: (url: string) => ({ OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: `${url}/v1` }),
  },
  {
    family: "google",
    model: "gemini-embedding-001",
    env: (url: string) => ({ GEMINI_API_KEY: "sk-test", GEMINI_BASE_URL: url }),
  },
  {
    family: "openai-compatible",
    model: "openai-compatible/nomic-embed-text",
    env: (url: string) => ({ OPENAI_COMPATIBLE_BASE_URL: `${url}/v1` }),
  },
] as const;

const VECTOR = [0.25, -0.5, 0.75];

/** Waits for a line of the metrics; what is written is written before the answer is sent. */
async function metric(server: RunningServer, line: RegExp): Promise<number> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assert.match(metrics, line);
  return Number(line.exec(metrics)?.[1]);
}

for (const upstream of UPSTREAMS) {
  describe(`embeddings, upstream in the ${upstream.family} format`, () => {
    const { model } = upstream;
    const mock = new LLMock({ port: 0 });
    let server: RunningServer;
    let openai: OpenAI;
    let google: GoogleGenAI;

    before(async () => {
      mock.onEmbedding("harbour", { embedding: VECTOR });
      mock.onEmbedding("be refused", {
        error: { message: "no such thing", type: "invalid_request_error" },
        status: 400,
      });
      await mock.start();
      server = await startServer({ env: upstream.env(mock.url) });
      openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.apiKey, maxRetries: 0 });
      google = new GoogleGenAI({ apiKey: server.apiKey, httpOptions: { baseUrl: server.url } });
    });
    after(async () => {
      await server.stop();
      await mock.stop();
    });

    test("the openai client gets the vector, as base64 which it asks for by itself and as numbers", async () => {
      const encoded = await openai.embeddings.create({ model, input: "a harbour" });
      assert.deepEqual(encoded.data[0]?.embedding, VECTOR);
      assert.equal(encoded.data[0]?.index, 0);
      const plain = await openai.embeddings.create({ model, input: ["a harbour"], encoding_format: "float" });
      assert.deepEqual(plain.data[0]?.embedding, VECTOR);
      assert.ok(Number.isSafeInteger(plain.usage.prompt_tokens));
    });

    test("@google/genai and ai with @ai-sdk/google get it by Google's own paths", async () => {
      const answer = await google.models.embedContent({ model, contents: "a harbour" });
      assert.deepEqual(answer.embeddings?.[0]?.values, VECTOR);
      if (upstream.family !== "openai-compatible") {
        const client = createGoogle({ apiKey: server.apiKey, baseURL: `${server.url}/v1beta` });
        const many = await embedMany({ model: client.embedding(model), values: ["a harbour"] });
        assert.deepEqual(many.embeddings, [VECTOR]);
      }
    });

    test("errors of the upstream, of the key and of the model come in OpenAI's shape", async () => {
      await assert.rejects(openai.embeddings.create({ model, input: "be refused" }), (error: unknown) => {
        assert.ok(error instanceof OpenAI.BadRequestError);
        assert.equal(error.code, "provider_rejected");
        assert.match(error.message, /no such thing/);
        return true;
      });
      const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "slip_wrong", maxRetries: 0 });
      await assert.rejects(stranger.embeddings.create({ model, input: "a" }), OpenAI.AuthenticationError);
      if (upstream.family !== "openai-compatible")
        await assert.rejects(openai.embeddings.create({ model: "nobody", input: "a" }), OpenAI.NotFoundError);
      await assert.rejects(openai.embeddings.create({ model: "agent/concierge", input: "a" }), OpenAI.NotFoundError);
      await assert.rejects(openai.embeddings.create({ model, input: [] }), (error: unknown) => {
        assert.ok(error instanceof OpenAI.BadRequestError);
        return error.param === "input";
      });
    });

    test("every call is booked, and its tokens are counted", async () => {
      const provider = upstream.family;
      const ok = await metric(
        server,
        new RegExp(`slipway_model_calls_total\\{provider="${provider}",outcome="ok"\\} (\\d+)`),
      );
      assert.ok(ok >= 3);
      await metric(server, new RegExp(`slipway_model_calls_total\\{provider="${provider}",outcome="error"\\} (\\d+)`));
    });
  });
}

describe("embeddings of the mock", () => {
  let server: RunningServer;
  let openai: OpenAI;

  before(async () => {
    server = await startServer({ env: { TEST_MODE: "true", MAX_CONCURRENCY_PER_KEY: "1" } });
    openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.apiKey, maxRetries: 0 });
  });
  after(() => server.stop());

  const similarity = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);

  test("the same text has the same vector, and texts that share words are nearer than others", async () => {
    const input = ["ships are built in the harbour", "a ship was built", "the price of apples"];
    const { data } = await openai.embeddings.create({ model: "any", input, dimensions: 64 });
    const again = await openai.embeddings.create({
      model: "any",
      input: input[0] ?? "",
      dimensions: 64,
      encoding_format: "float",
    });
    const [ships = [], ship = [], apples = []] = data.map(({ embedding }) => embedding);
    assert.equal(ships.length, 64);
    assert.deepEqual(again.data[0]?.embedding, ships);
    assert.ok(Math.abs(similarity(ships, ships) - 1) < 1e-5);
    assert.ok(similarity(ships, ship) > similarity(ships, apples));
  });

  test("the place of a call is free again when it has ended, well or not", async () => {
    for (let round = 0; round < 3; round += 1) {
      await openai.embeddings.create({ model: "any", input: "a" });
      await assert.rejects(
        openai.embeddings.create({ model: "any", input: "a", dimensions: 9999 }),
        OpenAI.BadRequestError,
      );
    }
  });

  test("another method and a broken body are told in OpenAI's shape", async () => {
    const headers = { authorization: `Bearer ${server.apiKey}` };
    const wrong = await fetch(`${server.url}/v1/embeddings`, { headers });
    assert.equal(wrong.status, 405);
    assert.ok("error" in ((await wrong.json()) as object));
    const broken = await fetch(`${server.url}/v1/embeddings`, { method: "POST", headers, body: "{" });
    assert.equal(broken.status, 400);
  });
});

test("vectors and counts survive an upstream that fails now and then, by every way of failing", async () => {
  const mock = new LLMock({ port: 0 });
  mock.onEmbedding("harbour", { embedding: VECTOR });
  await mock.start();
  const proxy = await startFaultProxy(mock.url);
  const server = await startServer({ env: { OPENAI_COMPATIBLE_BASE_URL: `${proxy.url}/v1` } });
  try {
    const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.apiKey, maxRetries: 0 });
    const ask = () => openai.embeddings.create({ model: "openai-compatible/nomic-embed-text", input: "a harbour" });
    const faults = [
      { kind: "reset" },
      { kind: "answer", status: 500 },
      { kind: "answer", status: 429, headers: { "retry-after": "0" } },
    ] as const;
    for (const fault of faults) {
      proxy.next(fault);
      assert.deepEqual((await ask()).data[0]?.embedding, VECTOR, fault.kind);
    }
    // The control: what fails every time is told.
    proxy.always(() => ({ kind: "answer", status: 500 }));
    await assert.rejects(ask(), OpenAI.InternalServerError);
  } finally {
    await server.stop();
    await proxy.close();
    await mock.stop();
  }
});

test("a client that leaves stops the upstream, is charged, and frees its place", async () => {
  let asked = (): void => {};
  let hungUp = (): void => {};
  const reached = new Promise<void>((resolve) => (asked = resolve));
  const stopped = new Promise<void>((resolve) => (hungUp = resolve));
  const silent = createServer((req, res) => {
    res.once("close", hungUp);
    req.resume().once("end", asked);
  });
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1`;
  const server = await startServer({ env: { OPENAI_COMPATIBLE_BASE_URL: url, MAX_CONCURRENCY_PER_KEY: "1" } });
  try {
    const leaver = new AbortController();
    const left = fetch(`${server.url}/v1/embeddings`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.apiKey}` },
      body: JSON.stringify({ model: "m", input: "x".repeat(400) }),
      signal: leaver.signal,
    });
    await reached;
    leaver.abort();
    await assert.rejects(left);
    await stopped;
    const aborted = /slipway_model_calls_total\{provider="openai-compatible",outcome="aborted"\} (\d+)/;
    assert.equal(await metric(server, aborted), 1);
    assert.equal(
      await metric(server, /slipway_model_tokens_total\{provider="openai-compatible",class="input"\} (\d+)/),
      96,
    );
    // The upstream is never asked: with the place still taken this would be a 429.
    const next = await fetch(`${server.url}/v1/embeddings`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.apiKey}` },
      body: JSON.stringify({ model: "m", input: [] }),
    });
    assert.equal(next.status, 400);
  } finally {
    await server.stop();
    silent.closeAllConnections();
    silent.close();
  }
});
