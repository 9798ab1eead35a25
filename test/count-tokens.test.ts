import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { GoogleGenAI } from "@google/genai";
import { startServer } from "./support/server.ts";

const CONTENTS = "Once upon a time there was a harbour where ships were built.";

test("Google's own count is handed on", async () => {
  let asked: { url: string | undefined; body: string } = { url: "", body: "" };
  // The outside mock counts no tokens.
  const google = createServer((req, res) => {
    void text(req).then((body) => {
      asked = { url: req.url, body };
      res.setHeader("content-type", "application/json").end('{"totalTokens":31}');
    });
  });
  await new Promise<void>((resolve) => google.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(google.address() as AddressInfo).port}`;
  const server = await startServer({ env: { GEMINI_API_KEY: "sk-test", GEMINI_BASE_URL: url } });
  try {
    const client = new GoogleGenAI({ apiKey: server.apiKey, httpOptions: { baseUrl: server.url } });
    assert.equal((await client.models.countTokens({ model: "gemini-3-pro", contents: CONTENTS })).totalTokens, 31);
    assert.equal(asked.url, "/v1beta/models/gemini-3-pro:countTokens");
    assert.match(asked.body, /"generateContentRequest":\{"model":"models\/gemini-3-pro","contents":/);
  } finally {
    await server.stop();
    google.closeAllConnections();
    google.close();
  }
});

test("where the vendor counts nothing the tokens are estimated, and the answer says so", async () => {
  // Never asked.
  const env = { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: "http://127.0.0.1:1/v1" };
  const server = await startServer({ env });
  try {
    const ask = (model: string, body: unknown): Promise<Response> =>
      fetch(`${server.url}/v1beta/models/${model}:countTokens`, {
        method: "POST",
        headers: { "x-goog-api-key": server.apiKey },
        body: JSON.stringify(body),
      });
    const contents = [{ parts: [{ text: CONTENTS }] }];
    const answer = await ask("gpt-5-mini", { contents });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("x-slipway-token-count"), "estimated");
    const { totalTokens } = (await answer.json()) as { totalTokens: number };
    assert.ok(totalTokens >= 12 && totalTokens <= 30, `${totalTokens}`);
    const systemInstruction = { parts: [{ text: CONTENTS }] };
    const more = await ask("gpt-5-mini", { generateContentRequest: { contents, systemInstruction } });
    assert.ok(((await more.json()) as { totalTokens: number }).totalTokens > totalTokens);
    assert.equal((await ask("gpt-5-mini", { contents, generateContentRequest: { contents } })).status, 400);
    assert.equal((await ask("agent/concierge", { contents })).status, 404);
  } finally {
    await server.stop();
  }
});
