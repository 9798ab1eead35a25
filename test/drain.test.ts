import assert from "node:assert/strict";
import { test } from "node:test";
import { type RunningServer, startServer } from "./support/server.ts";

const STREAMS = 50;

async function openStream(server: RunningServer): Promise<Response> {
  const answer = await fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "mock-1", stream: true, messages: [{ role: "user", content: "word ".repeat(20) }] }),
  });
  assert.equal(answer.status, 200);
  return answer;
}

const isWhole = (text: string): boolean => text.includes('"finish_reason":"stop"') && text.endsWith("data: [DONE]\n\n");

test("SIGTERM under 50 streams truncates none, refuses new requests with 503 and Retry-After, and ends with 0", async () => {
  const server = await startServer({ env: { MOCK_TOKEN_DELAY_MS: "400", DRAIN_TIMEOUT_SECONDS: "60" } });
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => openStream(server)));
  const texts = streams.map((stream) => stream.text());
  server.kill("SIGTERM");
  const ask = () =>
    fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.apiKey}` },
      body: "{}",
    });
  let late = await ask();
  // The signal may come after it; the streams outlast this.
  for (; late.status === 400; late = await ask()) await late.text();
  assert.equal(late.status, 503);
  assert.equal(late.headers.get("retry-after"), "1");
  assert.match(await late.text(), /"code":"draining"/);
  const [health, ready] = await Promise.all([fetch(`${server.url}/health`), fetch(`${server.url}/ready`)]);
  assert.deepEqual([health.status, ready.status], [200, 503]);
  const whole = (await Promise.all(texts)).filter(isWhole);
  assert.equal(whole.length, STREAMS);
  assert.equal(await server.stop(), 0);
});

test("control: without a grace period the same streams are cut, and the check above sees it", async () => {
  const server = await startServer({ env: { MOCK_TOKEN_DELAY_MS: "500", DRAIN_TIMEOUT_SECONDS: "0" } });
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => openStream(server)));
  const texts = streams.map((stream) => stream.text().catch(() => "cut"));
  server.kill("SIGTERM");
  const whole = (await Promise.all(texts)).filter(isWhole);
  assert.ok(whole.length < STREAMS, "a cut stream passed for a whole one");
  await server.stop();
});

test("a server whose starter is gone drains and ends by itself", async () => {
  const server = await startServer();
  server.abandon();
  assert.equal(await server.exited, 0);
  await server.stop();
});
