import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { LLMock } from "@copilotkit/aimock";
import OpenAI from "openai";
import { type RunningServer, startServer } from "./support/server.ts";

/** The three upstream formats, each spoken to the same outside mock. The model names are those that clients send. */
const UPSTREAMS = [
  {
    family: "openai",
    model: "gpt-5-mini",
    env: (url: string) => ({ OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: `${url}/v1` }),
  },
  {
    family: "anthropic",
    model: "claude-haiku-4-5",
    env: (url: string) => ({ ANTHROPIC_API_KEY: "sk-test", ANTHROPIC_BASE_URL: url }),
  },
  {
    family: "google",
    model: "gemini-flash-latest",
    env: (url: string) => ({ GEMINI_API_KEY: "sk-test", GEMINI_BASE_URL: url }),
  },
  {
    family: "openai-compatible",
    model: "openai-compatible/llama-4",
    env: (url: string) => ({ OPENAI_COMPATIBLE_BASE_URL: `${url}/v1` }),
  },
] as const;

/** What the mock says was used, in each vendor's own words; in each it makes 7 in and 11 out. */
const USED = {
  prompt_tokens: 7,
  completion_tokens: 11,
  total_tokens: 18,
  input_tokens: 7,
  output_tokens: 11,
  promptTokenCount: 7,
  candidatesTokenCount: 11,
  totalTokenCount: 18,
};

const STORY = "Once upon a time there was a harbour where ships were built. Grüße! 🚢";

const WEATHER: OpenAI.Chat.Completions.ChatCompletionTool = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather of a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

for (const upstream of UPSTREAMS) {
  describe(`the official openai client, upstream in the ${upstream.family} format`, () => {
    const mock = new LLMock({ port: 0 });
    let server: RunningServer;
    let client: OpenAI;

    before(async () => {
      mock.onToolResult("call_weather", { content: "It is sunny in Vienna." });
      mock.onMessage("weather in Vienna", {
        toolCalls: [{ id: "call_weather", name: "get_weather", arguments: '{"city":"Vienna"}' }],
      });
      mock.onMessage("tell a story", {
        content: STORY,
        usage: USED,
      });
      mock.onMessage("be refused", { error: { message: "no such thing", type: "invalid_request_error" }, status: 400 });
      await mock.start();
      server = await startServer({ env: upstream.env(mock.url) });
      client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.apiKey, maxRetries: 0 });
    });
    after(async () => {
      await server.stop();
      await mock.stop();
    });

    const ask = (content: string) => ({ model: upstream.model, messages: [{ role: "user" as const, content }] });

    test("a chat is answered whole, with usage", async () => {
      const answer = await client.chat.completions.create(ask("tell a story"));
      assert.equal(answer.choices[0]?.message.content, STORY);
      assert.equal(answer.choices[0]?.finish_reason, "stop");
      assert.equal(answer.usage?.prompt_tokens, 7);
      assert.equal(answer.usage?.completion_tokens, 11);
    });

    test("a chat streams, and its usage comes at the end", async () => {
      const stream = await client.chat.completions.create({
        ...ask("tell a story"),
        stream: true,
        stream_options: { include_usage: true },
      });
      let text = "";
      let chunks = 0;
      let reason: string | null | undefined;
      let tokens = 0;
      for await (const chunk of stream) {
        const delta = chunk.choices[0]?.delta.content ?? "";
        if (delta !== "") chunks += 1;
        text += delta;
        reason = chunk.choices[0]?.finish_reason ?? reason;
        tokens = chunk.usage?.total_tokens ?? tokens;
      }
      assert.equal(text, STORY);
      assert.equal(reason, "stop");
      assert.ok(chunks > 1, "the answer came in one piece");
      assert.equal(tokens, 18);
    });

    test("a tool call streams, and its result leads to the answer", async () => {
      const first = client.chat.completions.stream({ ...ask("what is the weather in Vienna?"), tools: [WEATHER] });
      const called = await first.finalChatCompletion();
      const message = called.choices[0]?.message;
      assert.equal(called.choices[0]?.finish_reason, "tool_calls");
      const call = message?.tool_calls?.[0];
      assert.ok(message && call?.type === "function");
      assert.equal(call.function.name, "get_weather");
      assert.deepEqual(JSON.parse(call.function.arguments), { city: "Vienna" });
      // Gemini's wire has no call ids of its own, so the mock knows the second turn there by its text alone.
      mock.prependFixture({
        match: { predicate: (request) => request.messages.at(-1)?.role === "tool" },
        response: { content: "It is sunny in Vienna." },
      });
      const second = await client.chat.completions.create({
        model: upstream.model,
        tools: [WEATHER],
        messages: [
          { role: "user", content: "what is the weather in Vienna?" },
          message,
          { role: "tool", tool_call_id: call.id, content: '{"sky":"clear"}' },
        ],
      });
      assert.equal(second.choices[0]?.message.content, "It is sunny in Vienna.");
    });

    test("an error of the upstream is an APIError with our stable code", async () => {
      await assert.rejects(client.chat.completions.create(ask("be refused")), (error: unknown) => {
        assert.ok(error instanceof OpenAI.APIError);
        assert.equal(error.status, 400);
        assert.equal(error.code, "provider_rejected");
        assert.match(error.message, /no such thing/);
        return true;
      });
    });

    test("a wrong key is an AuthenticationError, an unknown model a NotFoundError, and neither reaches the upstream", async () => {
      const before = mock.getRequests().length;
      const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "slip_wrong", maxRetries: 0 });
      await assert.rejects(stranger.chat.completions.create(ask("hi")), OpenAI.AuthenticationError);
      if (upstream.family !== "openai-compatible") {
        await assert.rejects(
          client.chat.completions.create({ ...ask("hi"), model: "nobody-knows-it" }),
          OpenAI.NotFoundError,
        );
      }
      assert.equal(mock.getRequests().length, before);
    });

    test("what was used is counted", async () => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      const pattern = new RegExp(`slipway_model_calls_total\\{provider="${upstream.family}",outcome="ok"\\} (\\d+)`);
      assert.ok(Number(pattern.exec(metrics)?.[1]) >= 3, metrics);
    });
  });
}
