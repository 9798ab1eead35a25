import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { LLMock } from "@copilotkit/aimock";
import { foldEvents } from "@slipway/contracts/model/fold.ts";
import { startAimock } from "./conformance/aimock.ts";
import { ANSWER_CASES } from "./conformance/answer-cases.ts";
import { comparable, decodePieces } from "./conformance/codec-checks.ts";
import { answerOf, ask, errorOf } from "./conformance/collect.ts";
import { plainRequest } from "./conformance/requests.ts";
import { API_KEY, fullRequest, SUBJECTS } from "./conformance/subjects.ts";
import type { Provider } from "./provider.ts";
import { createProviders } from "./registry.ts";

let aimock: LLMock;
let providers: ReadonlyMap<string, Provider>;
let strangers: ReadonlyMap<string, Provider>;

function onAimock(apiKey: string): ReadonlyMap<string, Provider> {
  const vendor = { apiKey, baseUrl: aimock.url };
  const openai = { apiKey, baseUrl: `${aimock.url}/v1` };
  const providers = createProviders({ openai, openaiCompatible: openai, anthropic: vendor, google: vendor, mock: {} });
  const responses = createProviders({ openai: { ...openai, api: "responses" } }).get("openai");
  assert.ok(responses);
  return new Map([...providers, ["openai-responses", responses]]);
}

function get(name: string): Provider {
  const provider = providers.get(name);
  assert.ok(provider);
  return provider;
}

before(async () => {
  aimock = await startAimock();
  providers = onAimock(API_KEY);
  strangers = onAimock("sk-test-wrong-key-0123");
});

after(async () => {
  await Promise.all([...providers.values(), ...strangers.values()].map((provider) => provider.close()));
  await aimock.stop();
});

const HTTP_PROVIDERS = SUBJECTS.map(({ name }) => name);

for (const name of [...HTTP_PROVIDERS, "mock"]) {
  describe(`${name}${name === "mock" ? "" : " on aimock"}`, () => {
    for (const answerCase of ANSWER_CASES) {
      test(`${answerCase.name}, streamed and not`, async () => {
        const whole = await answerOf(get(name), { ...answerCase.request, stream: false });
        answerCase.check(whole);
        const streamed = await answerOf(get(name), { ...answerCase.request, stream: true });
        answerCase.check(streamed);
        const withoutIds = ({ id: _id, toolCalls, ...rest }: ReturnType<typeof comparable>): unknown => ({
          ...rest,
          toolCalls: toolCalls.map(({ id: _, ...call }) => call),
        });
        assert.deepEqual(withoutIds(comparable(streamed)), withoutIds(comparable(whole)));
      });
    }
  });
}

for (const name of HTTP_PROVIDERS) {
  describe(`${name} on aimock`, () => {
    test("text and two calls in one answer", async () => {
      for (const stream of [false, true]) {
        const answer = await answerOf(get(name), plainRequest(stream, "both tools"));
        assert.equal(answer.text, "Let me look.");
        assert.deepEqual(
          answer.toolCalls.map((call) => [call.name, JSON.parse(call.arguments) as unknown]),
          [
            ["order_status", { order: "A-1042" }],
            ["now", {}],
          ],
        );
        assert.equal(new Set(answer.toolCalls.map(({ id }) => id)).size, 2);
        assert.equal(answer.finishReason, "tool_calls");
      }
    });

    test("reasoning apart from the text", async () => {
      for (const stream of [false, true]) {
        const answer = await answerOf(get(name), { ...plainRequest(stream, "think"), model: "o3" });
        assert.deepEqual([answer.reasoning, answer.text], ["Let me see — so.", "Done."]);
      }
    });

    test("the request with everything is read: the user, the calls and the results", async () => {
      const subject = SUBJECTS.find((one) => one.name === name);
      assert.ok(subject);
      await ask(get(name), fullRequest(subject));
      const body = aimock.getLastRequest()?.body as {
        messages: { role: string; content: unknown }[];
        tools: unknown[];
      };
      assert.deepEqual(
        body.messages
          .map(({ role }) => role)
          // In the Responses API an answer's text and its calls are items of their own.
          .filter((role, at, roles) => role !== "system" && (role !== "assistant" || roles[at - 1] !== role)),
        ["user", "assistant", "tool", "tool"],
      );
      assert.ok(
        body.messages.some(
          ({ role, content }) => role === "system" && JSON.stringify(content).includes("Answer in German."),
        ),
      );
      assert.equal(body.tools.length, 2);
    });

    test("errors of each kind, with the time to wait", async () => {
      const codes = {
        400: "provider_rejected",
        404: "model_not_found",
        429: "provider_rate_limited",
        500: "provider_error",
        503: "provider_error",
      };
      for (const [status, code] of Object.entries(codes)) {
        const error = await errorOf(get(name), plainRequest(true, `fail with ${status}`));
        assert.equal(error.code, code);
        assert.match(error.message, new RegExp(`status ${status}`));
        assert.equal(error.retryAfter, status === "429" ? 9 : undefined);
      }
    });

    test("a wrong key is told apart, and not repeated", async () => {
      const stranger = strangers.get(name);
      assert.ok(stranger);
      const error = await errorOf(stranger, plainRequest(true));
      assert.equal(error.code, "provider_auth");
      assert.doesNotMatch(error.message, /sk-test/);
    });

    test("a stream that breaks off is broken, and what it did say was told", async () => {
      const { events, error } = await ask(get(name), plainRequest(true, "break off"));
      assert.equal(error?.code, "provider_stream_broken");
      assert.equal(events[0]?.type, "start");
    });

    // aimock lists models on OpenAI's path and Anthropic's, and not on Google's.
    if (name !== "google") {
      test("models are listed", async () => {
        assert.ok((await get(name).listModels(5_000)).length > 0);
      });
    }

    test("aimock's own bytes, split at any byte, make the same answer", async () => {
      const codec = SUBJECTS.find((subject) => subject.name === name)?.codec;
      assert.ok(codec);
      for (const text of ["both tools", "think"]) {
        const { method, path, headers, body } = codec.encode({ ...plainRequest(true, text), model: "o3" });
        const pairs = Array.from({ length: headers.length / 2 }, (_, n): [string, string] => [
          headers[2 * n] ?? "",
          headers[2 * n + 1] ?? "",
        ]);
        const base = path === "/chat/completions" || path === "/responses" ? `${aimock.url}/v1` : aimock.url;
        const response = await fetch(base + path, { method, headers: pairs, body });
        const bytes = Buffer.from(await response.arrayBuffer());
        const strip = (pieces: readonly Buffer[]): unknown => {
          const { id: _, toolCalls, content: _content, ...rest } = foldEvents(decodePieces(codec, pieces));
          return { ...rest, calls: toolCalls.map((call) => [call.name, call.arguments]) };
        };
        const whole = strip([bytes]);
        for (let cut = 1; cut < bytes.length; cut += 1)
          assert.deepEqual(strip([bytes.subarray(0, cut), bytes.subarray(cut)]), whole);
      }
    });
  });
}
