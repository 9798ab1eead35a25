import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { answerOf, ask, errorOf } from "./conformance/collect.ts";
import { plainRequest } from "./conformance/requests.ts";
import { json, ScriptedUpstream, sse } from "./conformance/upstream.ts";
import { HttpProvider } from "./http-provider.ts";
import type { Provider } from "./provider.ts";
import type { ProviderTimeouts } from "./transport/settings.ts";
import { createChatCompletionsCodec } from "./wire/chat-completions/codec.ts";

const codec = createChatCompletionsCodec({
  provider: "test",
  apiKey: "key",
  maxTokensField: "max_tokens",
  returnsReasoning: false,
});

function chunk(text: string, reason: string | null = null): string {
  return `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta: { content: text }, finish_reason: reason }] })}\n\n`;
}

const WHOLE = [chunk("hello"), chunk("", "stop"), "data: [DONE]\n\n"];

interface Bench {
  readonly upstream: ScriptedUpstream;
  readonly provider: Provider;
}

async function bench(run: (bench: Bench) => Promise<void>, timeouts: Partial<ProviderTimeouts> = {}): Promise<void> {
  const upstream = new ScriptedUpstream();
  const provider = new HttpProvider({ name: "test", codec, baseUrl: await upstream.start(), timeouts });
  try {
    await run({ upstream, provider });
  } finally {
    await upstream.stop();
    await provider.close();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 400 && !condition(); turn += 1) await pause(5);
  assert.ok(condition(), "it did not come to pass within 2 s");
}

describe("time", () => {
  test("an upstream that does not begin to answer is given up on", async () => {
    await bench(
      async ({ upstream, provider }) => {
        upstream.script = () => sse(WHOLE, { delayMs: 2_000 });
        assert.equal((await errorOf(provider, plainRequest(true))).code, "provider_timeout");
        assert.equal((await errorOf(provider, plainRequest(false))).code, "provider_timeout");
      },
      { firstByteMs: 50, wholeAnswerMs: 80 },
    );
  });

  test("an upstream that falls silent within its answer is given up on", async () => {
    await bench(
      async ({ upstream, provider }) => {
        upstream.script = () => sse([chunk("a")], { last: "hang" });
        const { events, error } = await ask(provider, plainRequest(true));
        assert.equal(error?.code, "provider_timeout");
        assert.equal(events.length, 2);
      },
      { idleMs: 60 },
    );
  });

  test("the deadline of the call holds over everything else, and one that has passed sends nothing", async () => {
    await bench(async ({ upstream, provider }) => {
      upstream.script = () => sse([chunk("a")], { last: "hang" });
      const started = Date.now();
      assert.equal((await errorOf(provider, plainRequest(true), { deadlineMs: 120 })).code, "provider_timeout");
      // What else would end it is three minutes of silence.
      assert.ok(Date.now() - started < 20_000);
      await until(() => upstream.aborted === 1);
      const before = upstream.received.length;
      assert.equal((await errorOf(provider, plainRequest(true), { deadlineMs: -1 })).code, "provider_timeout");
      assert.equal(upstream.received.length, before);
    });
  });

  test("a paused call is over at its deadline too", async () => {
    await bench(async ({ upstream, provider }) => {
      upstream.script = () => sse([chunk("a")], { last: "hang" });
      const error = await errorOf(provider, plainRequest(true), {
        deadlineMs: 150,
        onEvent: (_event, call) => call.pause(),
      });
      assert.equal(error.code, "provider_timeout");
    });
  });
});

describe("connections", () => {
  test("one connection serves call after call, although an answer is whole before its body is over", async () => {
    await bench(async ({ upstream, provider }) => {
      upstream.script = () => sse([...WHOLE, ": goodbye\n\n"]);
      for (let call = 0; call < 5; call += 1)
        assert.equal((await answerOf(provider, plainRequest(true))).text, "hello");
      assert.equal(upstream.connections, 1);
    });
  });

  test("calls run side by side, each with its own answer", async () => {
    await bench(async ({ upstream, provider }) => {
      upstream.script = ({ body }) =>
        sse([
          chunk((JSON.parse(body) as { messages: { content: string }[] }).messages[0]?.content ?? ""),
          ...WHOLE.slice(1),
        ]);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) => answerOf(provider, plainRequest(true, `call ${n}`))),
      );
      assert.deepEqual(
        answers.map(({ text }) => text),
        Array.from({ length: 50 }, (_, n) => `call ${n}`),
      );
    });
  });

  test("an upstream that nobody listens at is an error that names the cause", async () => {
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port } = free.address() as AddressInfo;
    free.close();
    const provider = new HttpProvider({ name: "test", codec, baseUrl: `http://127.0.0.1:${port}/v1` });
    const error = await errorOf(provider, plainRequest(true));
    assert.equal(error.code, "provider_error");
    assert.match(error.message, /ECONNREFUSED/);
    await assert.rejects(provider.listModels(1_000), { code: "provider_error" });
    await provider.close();
  });

  test("an upstream that hangs up, or that speaks no HTTP, is an error", async () => {
    for (const greeting of ["", "SSH-2.0-OpenSSH_9.2\r\n"]) {
      const server = createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => socket.end(greeting));
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const provider = new HttpProvider({
        name: "test",
        codec,
        baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      });
      assert.equal((await errorOf(provider, plainRequest(true))).code, "provider_error");
      await provider.close();
      server.close();
    }
  });

  test("a key that cannot stand in a header fails the call, after call() has returned and without showing the key", async () => {
    const apiKey = "first-half\nsecond-half";
    const wrong = createChatCompletionsCodec({
      provider: "test",
      apiKey,
      maxTokensField: "max_tokens",
      returnsReasoning: false,
    });
    const provider = new HttpProvider({ name: "test", codec: wrong, baseUrl: "http://127.0.0.1:9/v1" });
    const error = await errorOf(provider, plainRequest(true));
    assert.equal(error.code, "provider_error");
    assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /half/);
    await provider.close();
  });

  test("a closed provider lets its running call end and takes no new one", async () => {
    await bench(async ({ upstream, provider }) => {
      upstream.script = () => sse(WHOLE, { delayMs: 50 });
      const running = answerOf(provider, plainRequest(true));
      await until(() => upstream.received.length === 1);
      const closed = provider.close();
      assert.equal((await running).text, "hello");
      await closed;
      assert.equal((await errorOf(provider, plainRequest(true))).code, "provider_error");
    });
  });
});

describe("abort", () => {
  async function aborted(at: "at once" | "before the answer" | "within the answer"): Promise<void> {
    await bench(async ({ upstream, provider }) => {
      upstream.script = () =>
        at === "before the answer" ? sse(WHOLE, { delayMs: 5_000 }) : sse([chunk("a")], { last: "hang" });
      const heard: string[] = [];
      let begun = false;
      const context = { requestId: "r", traceparent: "", deadline: Date.now() + 5_000 };
      const call = provider.call(plainRequest(true), context, {
        event: (event) => {
          heard.push(event.type);
          begun = true;
        },
        end: () => heard.push("end"),
        fail: () => heard.push("fail"),
      });
      if (at === "before the answer") await until(() => upstream.received.length === 1);
      if (at === "within the answer") await until(() => begun);
      const before = heard.length;
      call.abort();
      call.abort();
      call.pause();
      call.resume();
      await pause(50);
      assert.equal(heard.length, before);
      if (at !== "at once") await until(() => upstream.aborted === 1);
    });
  }

  test("at once: the sink hears nothing", () => aborted("at once"));
  test("before the answer: the upstream is cut off and the sink hears nothing", () => aborted("before the answer"));
  test("within the answer: the upstream is cut off and the sink hears nothing more", () =>
    aborted("within the answer"));

  test("from within an event: not even the rest of the same chunk is heard, and the next call goes well", async () => {
    await bench(async ({ upstream, provider }) => {
      for (const headers of [{}, { connection: "close" }]) {
        upstream.script = () => sse([WHOLE.join("")], { headers: { "content-type": "text/event-stream", ...headers } });
        const heard: string[] = [];
        const call = provider.call(
          plainRequest(true),
          { requestId: "r", traceparent: "", deadline: Date.now() + 5_000 },
          {
            event: (event) => {
              heard.push(event.type);
              call.abort();
            },
            end: () => heard.push("end"),
            fail: () => heard.push("fail"),
          },
        );
        await until(() => heard.length > 0);
        await pause(30);
        assert.deepEqual(heard, ["start"]);
        assert.equal((await answerOf(provider, plainRequest(true))).text, "hello");
      }
    });
  });

  test("a request that cannot be encoded and is aborted at once is never heard of", async () => {
    await bench(async ({ provider }) => {
      const heard: string[] = [];
      const request = { ...plainRequest(true), extra: { family: "google" as const, fields: { x: 1 } } };
      const sink = { event: () => heard.push("event"), end: () => heard.push("end"), fail: () => heard.push("fail") };
      provider.call(request, { requestId: "r", traceparent: "", deadline: Date.now() + 5_000 }, sink).abort();
      await pause(20);
      assert.deepEqual(heard, []);
    });
  });
});

describe("backpressure", () => {
  test("a paused call takes no more than what is on its way, and goes on where it stopped", async () => {
    await bench(async ({ upstream, provider }) => {
      const text = "x".repeat(1_000);
      const pieces = Array.from({ length: 20_000 }, () => chunk(text));
      upstream.script = () => sse([...pieces, ...WHOLE.slice(1)]);
      let seen = 0;
      let whilePaused = 0;
      const { events, error } = await ask(provider, plainRequest(true), {
        onEvent: (_event, call) => {
          seen += 1;
          if (seen !== 10) return;
          call.pause();
          const before = seen;
          setTimeout(() => {
            whilePaused = seen - before;
            call.resume();
          }, 150);
        },
      });
      assert.equal(error, undefined);
      assert.equal(events.length, 20_002);
      assert.ok(whilePaused < 200, `${whilePaused} events came while paused`);
    });
  });

  test("a pause before the answer holds it back until resumed", async () => {
    await bench(async ({ upstream, provider }) => {
      upstream.script = () => sse(WHOLE);
      const heard: string[] = [];
      const call = provider.call(
        plainRequest(true),
        { requestId: "r", traceparent: "", deadline: Date.now() + 5_000 },
        {
          event: (event) => heard.push(event.type),
          end: () => heard.push("end"),
          fail: (error) => heard.push(error.code),
        },
      );
      call.pause();
      await until(() => upstream.received.length === 1);
      await pause(50);
      assert.equal(heard.length, 0);
      call.resume();
      await until(() => heard.includes("end"));
    });
  });
});

describe("bounds", () => {
  test(
    "an answer over 32 MiB and an event over 8 MiB are errors, and none of the vendor's",
    { timeout: 60_000 },
    async () => {
      await bench(async ({ upstream, provider }) => {
        const megabyte = "x".repeat(1024 * 1024);
        upstream.script = () => json("", { pieces: Array.from({ length: 34 }, () => megabyte) });
        const whole = await errorOf(provider, plainRequest(false));
        assert.match(whole.message, /longer than/);
        upstream.script = () => sse(["data: ", ...Array.from({ length: 10 }, () => megabyte)]);
        const streamed = await errorOf(provider, plainRequest(true));
        assert.deepEqual([whole.code, streamed.code], ["provider_answer_unusable", "provider_answer_unusable"]);
      });
    },
  );

  test("an endless error body is read to 64 KiB and no further", async () => {
    await bench(async ({ upstream, provider }) => {
      upstream.script = () =>
        json("", { status: 500, pieces: Array.from({ length: 10 }, () => "x".repeat(16_384)), last: "hang" });
      assert.equal((await errorOf(provider, plainRequest(true))).code, "provider_error");
      await until(() => upstream.aborted === 1);
    });
  });

  test("a connection on which something endless follows a whole answer is given up", async () => {
    await bench(async ({ upstream, provider }) => {
      upstream.script = () =>
        sse([...WHOLE, ...Array.from({ length: 20 }, () => `: ${"x".repeat(8_000)}\n`)], { last: "hang" });
      assert.equal((await answerOf(provider, plainRequest(true))).text, "hello");
      await until(() => upstream.aborted === 1);
    });
  });

  test("a compressed answer, which was not asked for, and a redirect are errors", async () => {
    await bench(async ({ upstream, provider }) => {
      upstream.script = () => json("", { headers: { "content-encoding": "gzip" }, pieces: [gzipSync("{}")] });
      assert.equal((await errorOf(provider, plainRequest(false))).code, "provider_error");
      upstream.script = () => json("", { status: 307, headers: { location: "https://example.com/" } });
      const error = await errorOf(provider, plainRequest(true));
      assert.deepEqual([error.code, error.status], ["provider_error", 502]);
    });
  });
});

describe("negative controls: the sink of these tests sees a provider that breaks its contract", () => {
  const start = { type: "start" } as const;
  const finish = { type: "finish", reason: "stop" } as const;
  const later = (run: () => void): Provider["call"] => {
    setImmediate(run);
    return () => ({ abort() {}, pause() {}, resume() {} });
  };
  const broken: Readonly<Record<string, Provider["call"]>> = {
    "by failing before call() returns": (_request, _context, sink) => {
      sink.fail(new SlipwayError("provider_error", "too early"));
      return { abort() {}, pause() {}, resume() {} };
    },
    "by speaking after its last word": (request, context, sink) => {
      return later(() => {
        sink.event(start);
        sink.event(finish);
        sink.end();
        sink.event(start);
      })(request, context, sink);
    },
    "by ending without a finish": (request, context, sink) => {
      return later(() => {
        sink.event(start);
        sink.end();
      })(request, context, sink);
    },
    "by not starting": (request, context, sink) => {
      return later(() => {
        sink.event(finish);
        sink.end();
      })(request, context, sink);
    },
  };
  for (const [name, call] of Object.entries(broken)) {
    test(name, async () => {
      const provider = { name: "broken", family: "openai", mock: false, call } as Provider;
      await assert.rejects(ask(provider, plainRequest(true)), { name: "AssertionError" });
    });
  }
});
