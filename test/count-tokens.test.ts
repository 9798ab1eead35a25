import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { type RunningServer, startServer } from "./support/server.ts";

const CONTENTS = "Once upon a time there was a harbour where ships were built.";
const SYSTEM = "Be brief.";

/** Where each vendor counts, what it answers, and how its prompts are known again. The outside mock counts no tokens. */
const VENDORS = [
  {
    model: "gemini-3-pro",
    path: "/v1beta/models/gemini-3-pro:countTokens",
    answer: { totalTokens: 31 },
    tokens: 31,
    asked: /"generateContentRequest":\{"model":"models\/gemini-3-pro","contents":/,
  },
  {
    model: "claude-sonnet-5",
    path: "/v1/messages/count_tokens",
    answer: { input_tokens: 32 },
    tokens: 32,
    asked: /"model":"claude-sonnet-5".*"messages":/,
  },
  {
    model: "gpt-5-mini",
    path: "/v1/responses/input_tokens",
    answer: { object: "response.input_tokens", input_tokens: 33 },
    tokens: 33,
    asked: /"model":"gpt-5-mini","input":/,
  },
] as const;

describe("counting tokens", () => {
  let asked: { url: string | undefined; body: string };
  const upstream = createServer((req, res) => {
    void text(req).then((body) => {
      asked = { url: req.url, body };
      res.setHeader("content-type", "application/json");
      const vendor = VENDORS.find(({ path }) => path === req.url);
      if (body.includes("gpt-unknown")) {
        res.writeHead(404).end('{"error":{"message":"The model does not exist","code":"model_not_found"}}');
      } else if (body.includes("gpt-elsewhere")) {
        res.writeHead(404).end('{"error":{"message":"Invalid URL (POST /v1/responses/input_tokens)","code":null}}');
      } else if (vendor) {
        res.end(JSON.stringify(vendor.answer));
      } else {
        res.writeHead(500).end("{}");
      }
    });
  });
  let server: RunningServer;
  let google: GoogleGenAI;
  let anthropic: Anthropic;
  let openai: OpenAI;

  before(async () => {
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    server = await startServer({
      env: {
        GEMINI_API_KEY: "sk-test",
        GEMINI_BASE_URL: url,
        ANTHROPIC_API_KEY: "sk-test",
        ANTHROPIC_BASE_URL: url,
        OPENAI_API_KEY: "sk-test",
        OPENAI_BASE_URL: `${url}/v1`,
        // Never asked: its format has no place for it.
        OPENAI_COMPATIBLE_BASE_URL: "http://127.0.0.1:1/v1",
      },
    });
    google = new GoogleGenAI({ apiKey: server.apiKey, httpOptions: { baseUrl: server.url } });
    anthropic = new Anthropic({ baseURL: server.url, apiKey: server.apiKey, maxRetries: 0 });
    openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.apiKey, maxRetries: 0 });
  });
  after(async () => {
    await server.stop();
    upstream.closeAllConnections();
    upstream.close();
  });

  /** The vendors' own clients, unmodified, each by its own path. */
  const byGoogle = async (model: string): Promise<number | undefined> =>
    (await google.models.countTokens({ model, contents: CONTENTS })).totalTokens;
  const byAnthropic = async (model: string): Promise<number> => {
    const messages = [{ role: "user" as const, content: CONTENTS }];
    return (await anthropic.messages.countTokens({ model, system: SYSTEM, messages })).input_tokens;
  };
  const byOpenAi = async (model: string): Promise<number> =>
    (await openai.responses.inputTokens.count({ model, instructions: SYSTEM, input: CONTENTS })).input_tokens;
  const PATHS = { "@google/genai": byGoogle, "@anthropic-ai/sdk": byAnthropic, openai: byOpenAi };

  for (const vendor of VENDORS) {
    for (const [client, count] of Object.entries(PATHS)) {
      test(`${client} is told the count of whoever offers ${vendor.model}`, async () => {
        assert.equal(await count(vendor.model), vendor.tokens);
        assert.equal(asked.url, vendor.path);
        assert.match(asked.body, vendor.asked);
        assert.ok(asked.body.includes(CONTENTS));
        if (client !== "@google/genai") assert.ok(asked.body.includes(SYSTEM), "the system prompt counts");
      });
    }
  }

  const ask = (model: string, body: unknown): Promise<Response> =>
    fetch(`${server.url}/v1beta/models/${model}:countTokens`, {
      method: "POST",
      headers: { "x-goog-api-key": server.apiKey },
      body: JSON.stringify(body),
    });
  const contents = [{ parts: [{ text: CONTENTS }] }];

  test("settings that are no part of the prompt are not sent to be counted", async () => {
    const generationConfig = { temperature: 1, topK: 5, seed: 1, stopSequences: ["x"], maxOutputTokens: 5 };
    const whole = { generateContentRequest: { contents, generationConfig } };
    assert.equal((await ask("gpt-5-mini", whole)).status, 200);
    assert.doesNotMatch(asked.body, /temperature|seed|stop|max_output_tokens|store/);
  });

  test("where the vendor counts nothing the tokens are estimated, and the answer says so", async () => {
    for (const model of ["openai-compatible/llama", "gpt-elsewhere"]) {
      const answer = await ask(model, { contents });
      assert.equal(answer.status, 200, model);
      assert.equal(answer.headers.get("x-slipway-token-count"), "estimated");
      const { totalTokens } = (await answer.json()) as { totalTokens: number };
      assert.ok(totalTokens >= 12 && totalTokens <= 30, `${totalTokens}`);
      const systemInstruction = { parts: [{ text: CONTENTS }] };
      const more = await ask(model, { generateContentRequest: { contents, systemInstruction } });
      assert.ok(((await more.json()) as { totalTokens: number }).totalTokens > totalTokens);
    }
    // Controls: a count of the vendor's says nothing of an estimate, and a model that it does not know is no count at all.
    assert.equal((await ask("gpt-5-mini", { contents })).headers.get("x-slipway-token-count"), null);
    assert.equal((await ask("gpt-unknown", { contents })).status, 404);
  });

  test("a body that says it twice, and an agent, are refused", async () => {
    assert.equal((await ask("gpt-5-mini", { contents, generateContentRequest: { contents } })).status, 400);
    assert.equal((await ask("agent/concierge", { contents })).status, 404);
  });
});
