import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type RunningServer, startServer } from "./support/server.ts";

const BODY = JSON.stringify({ contents: [{ parts: [{ text: "Hello there" }] }] });

/** What clients without a library of Google's see. The mock answers. */
describe("Gemini's API over plain HTTP", () => {
  let server: RunningServer;

  before(async () => {
    server = await startServer({ env: { LOG_LEVEL: "debug" } });
  });
  after(() => server.stop());

  const post = (path: string, headers: Record<string, string> = { "x-goog-api-key": server.apiKey }, body = BODY) =>
    fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });

  test("the key may come in the URL, and reaches no log", async () => {
    const answer = await post(`/v1beta/models/mock-1:generateContent?key=${server.apiKey}`, {});
    assert.equal(answer.status, 200);
    const wrong = await post("/v1beta/models/mock-1:generateContent?key=slip_secret_in_the_url", {});
    assert.equal(wrong.status, 401);
    const unknown = await post("/v1beta/models/mock-1:predict?key=slip_secret_in_the_url", {});
    assert.equal(unknown.status, 404);
    const listed = await fetch(`${server.url}/v1beta/models?key=${server.apiKey}`);
    assert.equal(listed.status, 200);
    const marker = await post("/v1beta/models/the-last-one:generateContent");
    await marker.text();
    const deadline = Date.now() + 10_000;
    while (!server.output().includes("the-last-one") && Date.now() < deadline)
      await new Promise((resolve) => setImmediate(resolve));
    assert.match(server.output(), /"model":"the-last-one"/);
    assert.ok(!server.output().includes(server.apiKey), "the server's key is in its log");
    assert.ok(!server.output().includes("slip_secret_in_the_url"), "a key of the URL is in the log");
  });

  test("with alt=sse a stream is server-sent events, without it one JSON array of the same chunks", async () => {
    const sse = await post("/v1beta/models/mock-1:streamGenerateContent?alt=sse");
    assert.match(sse.headers.get("content-type") ?? "", /^text\/event-stream/);
    const events = (await sse.text()).split("\r\n\r\n").filter(Boolean);
    const chunks = events.map((event) => JSON.parse(event.replace(/^data: /, "")) as unknown);
    assert.ok(chunks.length > 2);
    const array = await post("/v1/models/mock-1:streamGenerateContent");
    assert.match(array.headers.get("content-type") ?? "", /^application\/json/);
    assert.deepEqual(await array.json(), chunks);
  });

  test("what nobody serves, another method and a broken body are told in Google's shape", async () => {
    const statusOf = async (answer: Response): Promise<unknown> => {
      const { error } = (await answer.json()) as { error: { code: number; status: string } };
      assert.equal(error.code, answer.status);
      return [answer.status, error.status];
    };
    assert.deepEqual(await statusOf(await post("/v1beta/models/mock-1:predict")), [404, "NOT_FOUND"]);
    assert.deepEqual(await statusOf(await fetch(`${server.url}/v1beta/models/mock-1:generateContent`)), [
      405,
      "INVALID_ARGUMENT",
    ]);
    assert.deepEqual(await statusOf(await fetch(`${server.url}/v1/models/mock-1:generateContent`)), [
      405,
      "INVALID_ARGUMENT",
    ]);
    const broken = await post("/v1/models/mock-1:generateContent", { "x-goog-api-key": server.apiKey }, "{");
    assert.deepEqual(await statusOf(broken), [400, "INVALID_ARGUMENT"]);
    assert.deepEqual(await statusOf(await post("/v1beta/models/mock-1:generateContent", {})), [401, "UNAUTHENTICATED"]);
  });

  test("an agent answers under its name", async () => {
    const answer = await post("/v1beta/models/agent/concierge:generateContent");
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("x-slipway-thread-id") ?? "", /^thr_/);
  });

  test("/v1/models is OpenAI's list, and Google's for Google's clients", async () => {
    const openai = await fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${server.apiKey}` } });
    assert.ok("data" in ((await openai.json()) as object));
    const google = await fetch(`${server.url}/v1/models`, { headers: { "x-goog-api-key": server.apiKey } });
    assert.ok("models" in ((await google.json()) as object));
  });
});
