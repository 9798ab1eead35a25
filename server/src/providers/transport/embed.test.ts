import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import { createGoogle } from "../google/provider.ts";

interface Asked {
  readonly requests: readonly { readonly content: { readonly parts: readonly { readonly text: string }[] } }[];
}

interface Upstream extends AsyncDisposable {
  readonly url: string;
  /** Inputs of each request, as they came. */
  readonly sizes: number[];
  readonly closed: Promise<void>;
}

/** Answers each text `n` with the vector `[n]`, or does what `answer` says instead. */
async function startUpstream(
  answer?: (asked: readonly string[], res: ServerResponse) => boolean | Promise<boolean>,
): Promise<Upstream> {
  const sizes: number[] = [];
  let hungUp = (): void => {};
  const closed = new Promise<void>((resolve) => (hungUp = resolve));
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { requests } = JSON.parse(await text(req)) as Asked;
    const asked = requests.map(({ content }) => content.parts[0]?.text ?? "");
    sizes.push(asked.length);
    res.once("close", () => void (res.writableFinished || hungUp()));
    if (await answer?.(asked, res)) return;
    const embeddings = asked.map((item) => ({ values: [Number(item)] }));
    res.end(JSON.stringify({ embeddings, usageMetadata: { promptTokenCount: asked.length } }));
  };
  const server = createServer((req, res) => void serve(req, res));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sizes,
    closed,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function requestOf(count: number): EmbeddingRequest {
  const input = Array.from({ length: count }, (_, at) => ({ kind: "text", text: String(at) }) as const);
  return { model: "gemini-embedding-001", input, encoding: "float" };
}

function embed(url: string, count: number, control: { signal?: AbortSignal; onUsage?: (tokens: number) => void } = {}) {
  const provider = createGoogle({ apiKey: "k", baseUrl: url });
  assert.ok(provider.embed);
  const context = { requestId: "req_1", traceparent: "", deadline: Date.now() + 20_000 };
  return provider.embed(requestOf(count), context, {
    signal: control.signal ?? new AbortController().signal,
    onUsage: (usage) => control.onUsage?.(usage.input),
  });
}

test("more inputs than one request takes go in several, and come back in their order with the sum of their tokens", async () => {
  // The first batch is answered last.
  await using upstream = await startUpstream(async (asked) => {
    if (asked[0] === "0") while (upstream.sizes.length < 3) await new Promise((resolve) => setImmediate(resolve));
    return false;
  });
  const { vectors, usage } = await embed(upstream.url, 250);
  assert.deepEqual(
    vectors,
    Array.from({ length: 250 }, (_, at) => [at]),
  );
  assert.equal(usage?.input, 250);
  assert.deepEqual(
    upstream.sizes.toSorted((a, b) => a - b),
    [50, 100, 100],
  );
});

test("one request that fails fails the call and stops the others; what was used until then is told", async () => {
  let used = 0;
  let told = (): void => {};
  const firstTold = new Promise<void>((resolve) => (told = resolve));
  await using upstream = await startUpstream(async (asked, res) => {
    if (asked[0] === "0") return false;
    if (asked[0] !== "200") return true;
    await firstTold;
    res.writeHead(429).end(JSON.stringify({ error: { code: 429, message: "too many" } }));
    return true;
  });
  const failed = embed(upstream.url, 250, {
    onUsage(tokens) {
      used += tokens;
      told();
    },
  });
  await assert.rejects(failed, { code: "provider_rate_limited" });
  await upstream.closed;
  assert.equal(used, 100);
});

test("a client that leaves stops what runs, and begins nothing more", async () => {
  const left = new AbortController();
  await using upstream = await startUpstream(() => {
    if (upstream.sizes.length === 4) left.abort();
    return true;
  });
  await assert.rejects(embed(upstream.url, 1_000, { signal: left.signal }), { code: "client_closed_request" });
  await upstream.closed;
  assert.deepEqual(upstream.sizes, [100, 100, 100, 100]);
  await assert.rejects(embed(upstream.url, 200, { signal: left.signal }), { code: "client_closed_request" });
  assert.equal(upstream.sizes.length, 4);
});
