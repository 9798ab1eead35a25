import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { LLMock } from "@copilotkit/aimock";
import { ApiError, FunctionCallingConfigMode, GoogleGenAI, Type } from "@google/genai";
import { type RunningServer, startServer } from "../support/server.ts";
import { WEATHER } from "./driver.ts";
import { CITY, startMock, STORY, UPSTREAMS } from "./upstreams.ts";

/** The error that a call throws, as the client's user reads it. */
async function errorOf(call: Promise<unknown>): Promise<{ status: number; error: Record<string, unknown> }> {
  const thrown = await call.then(
    () => assert.fail("was answered"),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof ApiError, String(thrown));
  return { status: thrown.status, ...(JSON.parse(thrown.message) as { error: Record<string, unknown> }) };
}

/** What only Google's client does, beside the script that all clients share. */
for (const upstream of UPSTREAMS.filter(({ name }) => name === "openai" || name === "google")) {
  describe(`@google/genai by itself, upstream of the family ${upstream.name}`, () => {
    const { model } = upstream;
    let mock: LLMock;
    let server: RunningServer;
    let client: GoogleGenAI;

    before(async () => {
      mock = await startMock();
      // The other of the two names that this key goes by.
      const { GEMINI_API_KEY, ...env } = upstream.env(mock.url);
      server = await startServer({
        env: { ...env, ...(GEMINI_API_KEY === undefined ? {} : { GOOGLE_AI_API_KEY: GEMINI_API_KEY }) },
      });
      client = new GoogleGenAI({ apiKey: server.apiKey, httpOptions: { baseUrl: server.url } });
    });
    after(async () => {
      await server?.stop();
      await mock.stop();
    });

    test("a chat keeps its history, which goes on as one answer whatever pieces it came in", async () => {
      const chat = client.chats.create({ model });
      let text = "";
      for await (const chunk of await chat.sendMessageStream({ message: "tell a story" })) text += chunk.text ?? "";
      assert.equal(text, STORY);
      const answer = await chat.sendMessage({ message: "which city?" });
      assert.deepEqual(JSON.parse(answer.text ?? ""), CITY);
      const body = mock.getLastRequest()?.body as { messages: { role: string; content: unknown }[] };
      assert.deepEqual(
        body.messages.map(({ role }) => role),
        ["user", "assistant", "user"],
      );
      assert.match(JSON.stringify(body.messages[1]?.content), /Once upon a time there was a harbour where ships/);
    });

    test("Google's own schemas are understood, and a call can be forced", async () => {
      const { name, description } = WEATHER;
      const parameters = { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ["city"] };
      const answer = await client.models.generateContent({
        model,
        contents: "what is the weather in Vienna?",
        config: {
          tools: [{ functionDeclarations: [{ name, description, parameters }] }],
          toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: [name] } },
        },
      });
      assert.deepEqual(answer.functionCalls?.[0]?.args, { city: "Vienna" });
    });

    test("errors have Google's status and our code", async () => {
      const refused = await errorOf(client.models.generateContent({ model, contents: "be refused" }));
      assert.equal(refused.error["status"], "INVALID_ARGUMENT");
      assert.match(JSON.stringify(refused.error["details"]), /PROVIDER_REJECTED/);
      const stranger = new GoogleGenAI({ apiKey: "slip_wrong", httpOptions: { baseUrl: server.url } });
      const wrongKey = await errorOf(stranger.models.generateContent({ model, contents: "hi" }));
      assert.equal(wrongKey.error["status"], "UNAUTHENTICATED");
    });

    test("what only Google knows goes there, and is refused by name elsewhere", async () => {
      const config = { safetySettings: [], mediaResolution: "MEDIA_RESOLUTION_LOW", labels: { team: "x" } };
      const ask = (some: object): Promise<unknown> =>
        client.models.generateContent({ model, contents: "tell a story", config: some });
      if (upstream.name === "google") await ask(config);
      else {
        const { safetySettings, mediaResolution, labels } = config;
        assert.match(String((await errorOf(ask({ safetySettings }))).error["message"]), /`safetySettings`/);
        const resolution = await errorOf(ask({ mediaResolution }));
        assert.match(String(resolution.error["message"]), /`generationConfig\.mediaResolution`/);
        // Labels are notes for the bill: the answer is the same without them.
        await ask({ labels });
      }
    });

    test("models are listed and described", async () => {
      const names = [];
      for await (const found of await client.models.list({ config: { pageSize: 1 } })) names.push(found.name ?? "");
      assert.ok(names.includes("models/agent/concierge") && names.includes("models/agent/order-desk"), names.join());
      assert.equal((await client.models.get({ model: "agent/concierge" })).name, "models/agent/concierge");
      await assert.rejects(client.models.get({ model: "nobody" }), ApiError);
    });
  });
}
