import assert from "node:assert/strict";
import { foldEvents } from "@slipway/contracts/model/fold.ts";
import type { Provider } from "../provider.ts";
import { createProviders, type ProviderSettings } from "../registry.ts";
import { comparable, decodePieces } from "./codec-checks.ts";
import { answerOf, ask, errorOf } from "./collect.ts";
import { plainRequest } from "./requests.ts";
import { API_KEY, fixture, fullRequest, type Subject } from "./subjects.ts";
import { json, type Reply, ScriptedUpstream, sse } from "./upstream.ts";

/** A provider, as the registry makes it, on a real HTTP server. */
export interface Bench {
  readonly subject: Subject;
  readonly provider: Provider;
  readonly upstream: ScriptedUpstream;
}

const SETTINGS: Readonly<Record<Subject["name"], keyof ProviderSettings>> = {
  openai: "openai",
  "openai-responses": "openai",
  "openai-compatible": "openaiCompatible",
  anthropic: "anthropic",
  google: "google",
};

/** Opens a bench; disposing of it closes the provider and the server. */
export async function openBench(subject: Subject): Promise<Bench & AsyncDisposable> {
  const upstream = new ScriptedUpstream();
  const baseUrl = (await upstream.start()) + subject.basePath;
  const { name, settings } = subject.provider ?? { name: subject.name, settings: {} };
  const provider = createProviders({ [SETTINGS[subject.name]]: { apiKey: API_KEY, baseUrl, ...settings } }).get(name);
  assert.ok(provider);
  return {
    subject,
    provider,
    upstream,
    async [Symbol.asyncDispose]() {
      await upstream.stop();
      await provider.close();
    },
  };
}

/** A check that every provider behind HTTP must pass. */
export interface HttpCheck {
  readonly name: string;
  run(bench: Bench): Promise<void>;
}

const STATUSES = (subject: Subject) =>
  [
    [400, 400, "provider_rejected"],
    [401, subject.wrongKeyStatus, "provider_auth"],
    [404, 404, "model_not_found"],
    [429, 429, "provider_rate_limited"],
    [500, 500, "provider_error"],
  ] as const;

function firstHalf(text: string): string {
  return text.slice(0, Math.floor(text.length / 2));
}

/** What is sent. */
const REQUEST_CHECKS: readonly HttpCheck[] = [
  {
    name: "says who it is",
    async run({ subject, provider }) {
      assert.equal(provider.name, subject.provider?.name ?? subject.name);
      assert.equal(provider.family, subject.codec.family);
      assert.equal(provider.mock, false);
    },
  },
  {
    name: "the upstream receives the request as the vendor documents it, with key and trace",
    async run({ subject, provider, upstream }) {
      upstream.script = () => sse([fixture(subject, "text.sse")]);
      await answerOf(provider, fullRequest(subject));
      const received = upstream.received.at(-1);
      assert.ok(received);
      assert.equal(received.method, "POST");
      assert.equal(received.path, subject.path(true));
      assert.equal(received.headers[subject.keyHeader[0]], subject.keyHeader[1]);
      assert.equal(received.headers["content-type"], "application/json");
      assert.match(received.headers["traceparent"] as string, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      assert.ok(!received.path.includes(API_KEY));
      assert.deepEqual(JSON.parse(received.body), JSON.parse(fixture(subject, "request.json")));
    },
  },
  {
    name: "fields of another vendor's API are refused by name, before anything is sent",
    async run({ subject, provider, upstream }) {
      const family = subject.codec.family === "openai" ? "anthropic" : "openai";
      const error = await errorOf(provider, { ...plainRequest(true), extra: { family, fields: { top_k: 3 } } });
      assert.deepEqual([error.code, error.param], ["unsupported_field", "top_k"]);
      assert.equal(upstream.received.length, 0);
    },
  },
  {
    name: "fields of its own API travel as they came",
    async run({ subject, provider, upstream }) {
      upstream.script = () => json(fixture(subject, "text.json"));
      const fields = { x_new: { deep: [1, "ü"] }, service_tier: "flex" };
      await answerOf(provider, {
        ...plainRequest(false),
        ...(subject.format === undefined ? {} : { format: subject.format }),
        extra: { family: subject.codec.family, fields },
      });
      const body = JSON.parse(upstream.received.at(-1)?.body ?? "") as Record<string, unknown>;
      assert.deepEqual({ x_new: body["x_new"], service_tier: body["service_tier"] }, fields);
    },
  },
  {
    name: "models are listed over all pages, with the key and within the time",
    async run({ subject, provider, upstream }) {
      const second = /after_id=|pageToken=/;
      upstream.script = ({ path }): Reply =>
        json(fixture(subject, second.test(path) ? "models-2.json" : "models.json"));
      assert.deepEqual(await provider.listModels(5_000), subject.models);
      assert.equal(upstream.received.at(-1)?.headers[subject.keyHeader[0]], subject.keyHeader[1]);
      upstream.script = () => json(fixture(subject, "error-401.json"), { status: subject.wrongKeyStatus });
      await assert.rejects(provider.listModels(5_000), { code: "provider_auth" });
      upstream.script = () => json("{}");
      await assert.rejects(provider.listModels(5_000), { code: "provider_error" });
      upstream.script = () => json("{}", { delayMs: 200 });
      await assert.rejects(provider.listModels(50), { code: "provider_timeout" });
    },
  },
];

/** What comes back. */
const ANSWER_CHECKS: readonly HttpCheck[] = [
  {
    name: "answers come the same whole, streamed, and streamed byte by byte",
    async run({ subject, provider, upstream }) {
      for (const name of subject.cases) {
        upstream.script = () => json(fixture(subject, `${name}.json`));
        const whole = await answerOf(provider, plainRequest(false));
        assert.equal(upstream.received.at(-1)?.path, subject.path(false));
        const bytes = Buffer.from(fixture(subject, `${name}.sse`));
        const direct = foldEvents(decodePieces(subject.codec, [bytes]));
        upstream.script = () => sse([bytes]);
        assert.deepEqual(await answerOf(provider, plainRequest(true)), direct);
        upstream.script = () => sse(Array.from(bytes, (byte) => Buffer.from([byte])));
        assert.deepEqual(await answerOf(provider, plainRequest(true)), direct);
        assert.deepEqual(comparable(whole), comparable(direct));
      }
    },
  },
  {
    name: "an upstream that does not stream what it was asked to stream is understood",
    async run({ subject, provider, upstream }) {
      upstream.script = () => json(fixture(subject, "text.json"));
      assert.equal((await answerOf(provider, plainRequest(true))).text, "Grüße aus Zürich 👋🏽 — 日本語, done.");
    },
  },
];

/** What goes wrong. */
const FAILURE_CHECKS: readonly HttpCheck[] = [
  {
    name: "errors come with their code, a hint and the time to wait, streamed or not",
    async run({ subject, provider, upstream }) {
      for (const [file, status, code] of STATUSES(subject)) {
        for (const stream of [false, true]) {
          const headers = { "retry-after": "7" };
          upstream.script = () => json(fixture(subject, `error-${file}.json`), { status, headers });
          const error = await errorOf(provider, plainRequest(stream));
          assert.equal(error.code, code);
          assert.equal(error.retryAfter, 7);
          assert.ok(error.hint);
        }
      }
    },
  },
  {
    name: "a connection that is cut within the answer is a broken stream, after what came before",
    async run({ subject, provider, upstream }) {
      upstream.script = () => sse([firstHalf(fixture(subject, "text.sse"))], { last: "cut" });
      const { events, error } = await ask(provider, plainRequest(true));
      assert.equal(error?.code, "provider_stream_broken");
      assert.equal(events[0]?.type, "start");
      upstream.script = () => json(firstHalf(fixture(subject, "text.json")), { last: "cut" });
      assert.equal((await errorOf(provider, plainRequest(false))).code, "provider_stream_broken");
    },
  },
  {
    name: "an answer that ends well but is not whole is an error, streamed or not",
    async run({ subject, provider, upstream }) {
      upstream.script = () => sse([firstHalf(fixture(subject, "text.sse"))]);
      assert.equal((await errorOf(provider, plainRequest(true))).code, "provider_stream_broken");
      for (const body of [firstHalf(fixture(subject, "text.json")), "", "[]", "{}", "<html>"]) {
        upstream.script = () => json(body);
        assert.equal((await errorOf(provider, plainRequest(false))).code, "provider_error", body);
      }
    },
  },
  {
    name: "garbage and error events within a stream fail the call, also when the connection stays open",
    async run({ subject, provider, upstream }) {
      const [first] = fixture(subject, "text.sse").split(/(?<=\r?\n\r?\n)/);
      upstream.script = () => sse([first ?? "", "data: garbage\n\n"], { last: "hang" });
      assert.equal((await errorOf(provider, plainRequest(true))).code, "provider_stream_broken");
      upstream.script = () => sse([fixture(subject, "error-in-stream.sse")], { last: "hang" });
      assert.equal((await errorOf(provider, plainRequest(true))).code, "provider_error");
    },
  },
];

export const HTTP_CHECKS: readonly HttpCheck[] = [...REQUEST_CHECKS, ...ANSWER_CHECKS, ...FAILURE_CHECKS];
