import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { errorOf } from "./conformance/collect.ts";
import { plainRequest } from "./conformance/requests.ts";
import type { Provider } from "./provider.ts";
import { createProviders } from "./registry.ts";

const CONTEXT = { requestId: "r", traceparent: "", deadline: Date.now() + 60_000 };
const CONTROL = { signal: new AbortController().signal, onUsage: () => {} };
const EMBEDDING = { model: "m", input: [{ kind: "text", text: "x" }], encoding: "float" } as const;

/** Calls in every way that the provider knows; the upstream refuses them all. */
async function callAll(provider: Provider): Promise<void> {
  for (const stream of [true, false]) await errorOf(provider, plainRequest(stream));
  await provider.embed?.(EMBEDDING, CONTEXT, CONTROL).catch(() => {});
  await provider.countTokens?.(plainRequest(false), CONTEXT, CONTROL.signal).catch(() => {});
}

test("a provider with another key sends that key in everything it asks, and one whose key is changed from then on", async () => {
  const keys: string[] = [];
  const connections = new Set<unknown>();
  const upstream = createServer((request, response) => {
    const { authorization, "x-api-key": anthropic, "x-goog-api-key": google } = request.headers;
    keys.push(String(authorization?.replace("Bearer ", "") ?? anthropic ?? google));
    connections.add(request.socket);
    request.resume().once("end", () => response.writeHead(401, { "content-type": "application/json" }).end("{}"));
  }).listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const baseUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const own = { apiKey: "first", baseUrl };
  const providers = createProviders({ openai: own, anthropic: own, google: own, openaiCompatible: own, mock: {} });
  /** The keys that were sent by what `act` did, each once. */
  const sent = async (act: Promise<void>): Promise<string[]> => {
    keys.length = 0;
    await act;
    assert.ok(keys.length >= 2);
    return [...new Set(keys)];
  };
  for (const provider of providers.values()) {
    if (provider.mock) {
      assert.equal("withKey" in provider || "setKey" in provider, false);
      continue;
    }
    const other = provider.withKey?.("second");
    assert.ok(other, provider.name);
    assert.deepEqual([other.name, other.family], [provider.name, provider.family]);
    connections.clear();
    assert.deepEqual(await sent(callAll(other)), ["second"], provider.name);
    assert.deepEqual(await sent(callAll(provider)), ["first"], provider.name);
    assert.equal(connections.size, 1, "both go over the same connections");
    provider.setKey?.("third");
    assert.deepEqual(await sent(callAll(provider)), ["third"], provider.name);
    assert.deepEqual(await sent(callAll(other)), ["second"], provider.name);
  }
  await Promise.all([...providers.values()].map((provider) => provider.close()));
  upstream.closeAllConnections();
  upstream.close();
});
