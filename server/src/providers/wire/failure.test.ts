import assert from "node:assert/strict";
import { test } from "node:test";
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
