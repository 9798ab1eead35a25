import assert from "node:assert/strict";
import { test } from "node:test";
import { createMessagesCodec } from "../anthropic/codec.ts";
import type { Codec } from "../codec.ts";
import { createGenerateContentCodec } from "../google/codec.ts";
import { createChatCompletionsCodec } from "./chat-completions/codec.ts";
import { cleanMessage, failureError, kindOfStatus, retryAfter } from "./failure.ts";

test("the time to wait is read from seconds, dates and OpenAI's milliseconds, and bounded to a day", () => {
  const now = Date.parse("2026-11-21T10:00:00Z");
  const cases: readonly (readonly [Record<string, string>, number | undefined])[] = [
    [{ "retry-after": "20" }, 20],
    [{ "retry-after": "0.2" }, 1],
    [{ "retry-after": "Sat, 21 Nov 2026 10:00:30 GMT" }, 30],
    [{ "retry-after": "Sat, 21 Nov 2026 09:00:00 GMT" }, undefined],
    [{ "retry-after": "99999999" }, 86_400],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "-1" }, undefined],
    [{ "retry-after-ms": "1500", "retry-after": "20" }, 2],
    [{}, undefined],
  ];
  for (const [headers, seconds] of cases) assert.equal(retryAfter(headers, now), seconds, JSON.stringify(headers));
});

test("a provider's message is bounded, on one line, and holds neither our key nor anything like one", () => {
  assert.equal(cleanMessage("a\n\tb\u0000c", undefined), "a b c");
  assert.equal(cleanMessage("  ", undefined), undefined);
  assert.equal(cleanMessage(undefined, "k"), undefined);
  assert.equal(cleanMessage("x".repeat(600), undefined), `${"x".repeat(500)}…`);
  assert.equal(cleanMessage("Your key my-secret-key is wrong.", "my-secret-key"), "Your key [key] is wrong.");
  for (const key of [
    "sk-proj-abcdef123456",
    "sk-ant-api03-abcdef",
    "AIzaSyD-abcdefghijkl",
    "abc****wxyz",
    "Bearer abcdef.ghi",
  ]) {
    assert.equal(cleanMessage(`Wrong: ${key} is not it`, undefined), "Wrong: [key] is not it");
  }
  assert.equal(cleanMessage("A risk-free task-force * of ** two", undefined), "A risk-free task-force * of ** two");
});

test("a key at the place where a long message is cut does not come through in part", () => {
  const key = `sk-${"k".repeat(40)}`;
  for (let length = 440; length < 520; length += 1) {
    assert.doesNotMatch(cleanMessage(`${"x".repeat(length)} ${key} ${"y".repeat(3_000)}`, key) ?? "", /sk-|kkkk/);
  }
});

test("what a request names and is not there is the request's fault, and no failure of the vendor's", () => {
  const chat = createChatCompletionsCodec({
    provider: "openai",
    maxTokensField: "max_completion_tokens",
    returnsReasoning: false,
  });
  const anthropic = createMessagesCodec("key");
  const google = createGenerateContentCodec("key");
  const openaiSays = (message: string) => ({
    error: { message, type: "invalid_request_error", param: null, code: null },
  });
  const anthropicSays = (message: string) => ({ type: "error", error: { type: "not_found_error", message } });
  const googleSays = (code: number, status: string, message: string) => ({ error: { code, message, status } });
  const denied = (message: string) => googleSays(403, "PERMISSION_DENIED", message);
  const cases: readonly (readonly [Codec, number, unknown, string])[] = [
    [chat, 404, openaiSays("Vector store with id ['vs_1'] not found."), "provider_rejected"],
    [chat, 404, openaiSays("Invalid URL (POST /v1/v1/chat/completions)"), "provider_error"],
    [chat, 404, openaiSays("Unknown request URL: POST /v1/x. Please check the URL for typos."), "provider_error"],
    [chat, 404, { detail: "Not Found" }, "provider_error"],
    [anthropic, 404, anthropicSays("File not found: file_1"), "provider_rejected"],
    [anthropic, 404, anthropicSays("Not Found"), "provider_error"],
    [google, 404, googleSays(404, "NOT_FOUND", "Requested entity was not found."), "model_not_found"],
    [google, 404, googleSays(404, "NOT_FOUND", "Corpus c1 was not found."), "provider_rejected"],
    [google, 404, "<html>Not found</html>", "provider_error"],
    [google, 403, denied("You do not have permission to access the File f1 or it may not exist."), "provider_rejected"],
    [google, 403, denied("CachedContent not found (or permission denied)"), "provider_rejected"],
    [google, 403, denied("The caller does not have permission"), "provider_auth"],
  ];
  for (const [codec, status, body, code] of cases) {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    assert.equal(codec.decodeError(status, {}, text).code, code, text);
  }
});

test("every status leads to the code that says what to do", () => {
  const codes: Readonly<Record<number, string>> = {
    302: "provider_error",
    400: "provider_rejected",
    401: "provider_auth",
    402: "provider_auth",
    403: "provider_auth",
    404: "provider_error",
    408: "provider_timeout",
    413: "provider_rejected",
    422: "provider_rejected",
    429: "provider_rate_limited",
    500: "provider_error",
    503: "provider_error",
    504: "provider_timeout",
    529: "provider_error",
  };
  for (const [text, code] of Object.entries(codes)) {
    const status = Number(text);
    const error = failureError({ provider: "p", kind: kindOfStatus(status), status, message: "why", retryAfter: 3 });
    assert.equal(error.code, code, text);
    assert.equal(error.status, code === "provider_rejected" ? status : error.status);
    assert.match(error.message, /why/);
    assert.equal(error.retryAfter, 3);
    assert.ok(error.hint);
  }
});
