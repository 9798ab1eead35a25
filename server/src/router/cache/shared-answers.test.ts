import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import { createEnvelopes } from "#keys/envelope.ts";
import { createRedisCache } from "#store/redis/shared-cache.ts";
import type { SharedCache } from "#store/shared-cache.ts";
import type { Logger } from "#telemetry/logger.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import { askRedis } from "../../../../test/support/redis.ts";
import { requireRedis } from "../../../../test/support/require.ts";
import { answerKey } from "./answer-key.ts";
import { answerOf, ask, fill, isHit, makeCache, master, Model, question, wrappedKeys } from "./testing.ts";

function redisOf(t: TestContext, url: string): SharedCache {
  const quiet = (): void => {};
  const log: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, flush: quiet };
  const shared = createRedisCache({ url, log, metrics: createMetrics(), limits: { deadlineMs: 5000 } });
  t.after(() => shared.close());
  return shared;
}

/** Resolves when Redis has the answer: it is shared after the client has it. */
async function untilShared(shared: SharedCache, key: string): Promise<Uint8Array> {
  for (;;) {
    const value = await shared.get(`answer:${key}`);
    if (value) return value;
  }
}

test("through Redis another replica has the answer, unreadable at rest", { timeout: 60_000 }, async (t) => {
  const url = requireRedis(t);
  if (url === undefined) return;
  const shared = redisOf(t, url);
  const envelopes = createEnvelopes(master, wrappedKeys());
  const request = question(`hi ${randomUUID()}`);
  const [one, two] = [makeCache({ shared, envelopes }), makeCache({ shared: redisOf(t, url), envelopes })];
  await fill(one.cache, answerOf("plain words"), { request });
  const key = answerKey(master.fingerprinting, "t", { provider: "p", model: "m" }, request);
  const sealed = await untilShared(shared, key);
  assert.equal(Buffer.from(sealed).includes("plain"), false);
  assert.ok(Number(/^:(\d+)/.exec(await askRedis(url, "PTTL", `slipway:answer:${key}`))?.[1]) <= 60_000);
  const again = await ask(two.cache, new Model(), { request });
  assert.equal(again.hit, true);
  assert.deepEqual(await again.whole, answerOf("plain words"));
});

test(
  "an answer that is put under another tenant's name in Redis is never given, and said",
  { timeout: 60_000 },
  async (t) => {
    const url = requireRedis(t);
    if (url === undefined) return;
    const shared = redisOf(t, url);
    const envelopes = createEnvelopes(master, wrappedKeys());
    const request = question(`hi ${randomUUID()}`);
    const target = { provider: "p", model: "m" };
    const { cache, warnings } = makeCache({ shared, envelopes });
    await fill(cache, answerOf("of t"), { request });
    await fill(cache, answerOf("of u"), { request: question("other"), tenantId: "u" });
    const stolen = await untilShared(shared, answerKey(master.fingerprinting, "t", target, request));
    const name = (tenantId: string): string => `answer:${answerKey(master.fingerprinting, tenantId, target, request)}`;
    await shared.set(name("u"), stolen, 60_000);
    const fresh = makeCache({ shared, envelopes });
    assert.equal(await isHit(fresh.cache, { request, tenantId: "u" }), false);
    assert.match(fresh.warnings.join(), /passed over/);
    assert.deepEqual(warnings, []);
    // Control: where it belongs, it opens.
    assert.equal(await isHit(fresh.cache, { request, tenantId: "t" }), true);
    await shared.set(name("t"), randomBytes(100), 60_000);
    assert.equal(await isHit(makeCache({ shared, envelopes }).cache, { request }), false);
  },
);
