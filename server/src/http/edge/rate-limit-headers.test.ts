import assert from "node:assert/strict";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { test } from "node:test";
import type { Standing } from "#limits/declared/standing.ts";
import { setRateLimitHeaders } from "./rate-limit-headers.ts";

const STANDING: Standing = {
  limit: "key",
  requests: { limit: 100, remaining: 7, resetMs: 1500 },
  tokens: { limit: 9000, remaining: 8000, resetMs: 400 },
};

/** The headers of an answer on this path. */
function headersOf(path: string, standing: Standing): Record<string, unknown> {
  const reply = new ServerResponse(new IncomingMessage(new Socket()));
  setRateLimitHeaders(reply, path, standing);
  return { ...reply.getHeaders() };
}

test("each path gets the standard's headers and those of its own vendor", () => {
  const standard = {
    ratelimit: '"key";r=7;t=2, "key-tokens";r=8000;t=1',
    "ratelimit-policy": '"key";q=100;w=60, "key-tokens";q=9000;qu="tokens";w=60',
  };
  assert.deepEqual(headersOf("/v1/chat/completions", STANDING), {
    ...standard,
    "x-ratelimit-limit-requests": 100,
    "x-ratelimit-remaining-requests": 7,
    "x-ratelimit-reset-requests": "2s",
    "x-ratelimit-limit-tokens": 9000,
    "x-ratelimit-remaining-tokens": 8000,
    "x-ratelimit-reset-tokens": "400ms",
  });
  assert.equal(headersOf("/v1/messages", STANDING)["anthropic-ratelimit-requests-remaining"], 7);
  // Google's API has no such headers, below /v1 neither.
  for (const path of ["/v1beta/models/m:generateContent", "/v1/models/m:generateContent"])
    assert.deepEqual(headersOf(path, STANDING), standard);
});

test("a limit that was changed under its name tells the new policy at once", () => {
  const policy = (standing: Standing) => headersOf("/api/v1/agents", standing)["ratelimit-policy"];
  const { requests, tokens } = STANDING;
  assert.equal(policy(STANDING), '"key";q=100;w=60, "key-tokens";q=9000;qu="tokens";w=60');
  assert.equal(policy({ limit: "key", requests, tokens: undefined }), '"key";q=100;w=60');
  assert.equal(policy({ limit: "key", requests: undefined, tokens }), '"key-tokens";q=9000;qu="tokens";w=60');
  const larger: Standing = { limit: "key", requests: { limit: 200, remaining: 7, resetMs: 0 }, tokens: undefined };
  assert.equal(policy(larger), '"key";q=200;w=60');
  assert.equal(policy(STANDING), '"key";q=100;w=60, "key-tokens";q=9000;qu="tokens";w=60');
  assert.deepEqual(headersOf("/v1/models", { limit: "none", requests: undefined, tokens: undefined }), {});
});
