import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createMetrics } from "#telemetry/metrics.ts";
import type { LogFields, Logger } from "#telemetry/logger.ts";
import { askRedis } from "../../../../test/support/redis.ts";
import { requireRedis } from "../../../../test/support/require.ts";
import { later } from "../testing/databases.ts";
import { privateRedis, slowWay } from "../testing/private-redis.ts";
import type { SharedCache } from "../shared-cache.ts";
import { connectRedis } from "./client.ts";
import type { RedisLimits } from "./connection.ts";
import { createRedisCache } from "./shared-cache.ts";

/** No test waits as long as this; what would block for ever is then red. */
const NEVER = { timeout: 60_000 };

interface Seen {
  readonly cache: SharedCache;
  /** Log messages, in order. */
  readonly said: readonly string[];
  /** The value of a counter. */
  count(metric: "redisStateChanges" | "redisMisses", label: string): Promise<number>;
  /** Resolves when the log has said this so many times. */
  until(words: string, times: number): Promise<void>;
}

function open(t: TestContext, url: string, limits: Partial<RedisLimits> = {}, maxValueBytes = 1000): Seen {
  const said: string[] = [];
  const waiting: { readonly words: string; readonly times: number; readonly resolve: () => void }[] = [];
  const note = (_: LogFields, message: string): void => {
    said.push(message);
    for (const { words, times, resolve } of waiting)
      if (said.filter((line) => line.includes(words)).length >= times) resolve();
  };
  const log: Logger = { debug: note, info: note, warn: note, error: note, flush: () => {} };
  const metrics = createMetrics();
  // A deadline that a busy machine keeps; how long a request waits is bounded by it, whatever it is.
  const cache = createRedisCache({
    url,
    log,
    metrics,
    maxValueBytes,
    limits: { deadlineMs: 20_000, pauseMs: { least: 20, most: 100 }, ...limits },
  });
  later(t, () => cache.close());
  return {
    cache,
    said,
    async count(metric, label) {
      const name = metric === "redisMisses" ? "slipway_redis_misses_total" : "slipway_redis_state_changes_total";
      const line = new RegExp(`^${name}\\{\\w+="${label}"\\} (\\d+)$`, "m").exec(await metrics.registry.metrics());
      return Number(line?.[1] ?? 0);
    },
    until(words, times) {
      if (said.filter((line) => line.includes(words)).length >= times) return Promise.resolve();
      return new Promise((resolve) => waiting.push({ words, times, resolve }));
    },
  };
}

const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8");

test("what is kept is read back by another replica, until its time is over", NEVER, async (t) => {
  const url = requireRedis(t);
  if (url === undefined) return;
  const [one, two] = [open(t, url), open(t, url)];
  const key = randomUUID();
  const binary = Buffer.from([0, 255, 13, 10, 0]);
  assert.equal(await one.cache.get(key), undefined);
  assert.equal(await one.cache.set(key, binary, 60_000), true);
  assert.deepEqual(Buffer.from((await two.cache.get(key)) ?? []), binary);
  const ttl = Number(/^:(\d+)/.exec(await askRedis(url, "PTTL", `slipway:${key}`))?.[1]);
  assert.ok(ttl > 0 && ttl <= 60_000, String(ttl));
});

test("set-if-absent keeps the first of two values", NEVER, async (t) => {
  const url = requireRedis(t);
  if (url === undefined) return;
  const { cache } = open(t, url);
  const key = randomUUID();
  assert.equal(await cache.setIfAbsent(key, bytes("first"), 60_000), true);
  assert.equal(await cache.setIfAbsent(key, bytes("second"), 60_000), false);
  assert.deepEqual(Buffer.from((await cache.get(key)) ?? []), bytes("first"));
});

test("a value over the bound is neither kept nor taken", NEVER, async (t) => {
  const url = requireRedis(t);
  if (url === undefined) return;
  const [small, large] = [open(t, url, {}, 10), open(t, url, {}, 1000)];
  const key = randomUUID();
  assert.equal(await small.cache.set(key, Buffer.alloc(11), 60_000), false);
  assert.equal(await small.cache.setIfAbsent(key, Buffer.alloc(11), 60_000), undefined);
  assert.equal(await large.cache.get(key), undefined);
  assert.equal(await large.cache.set(key, Buffer.alloc(11), 60_000), true);
  assert.equal(await small.cache.get(key), undefined);
  assert.equal((await large.cache.get(key))?.length, 11);
});

/** Looks until the cache takes what it is given: a busy machine may miss a short deadline. */
async function works(cache: SharedCache): Promise<void> {
  while (!(await cache.set("k", bytes("v"), 60_000))) await sleep(20);
}

test("a Redis that refuses is a miss, said once, and used again when it is back", NEVER, async (t) => {
  const redis = await privateRedis(t);
  if (!redis) return;
  const seen = open(t, redis.url);
  assert.equal(await seen.cache.set("k", bytes("v"), 60_000), true);
  await redis.stop();
  await seen.until("passed over", 1);
  for (let n = 0; n < 50; n += 1) assert.equal(await seen.cache.get("k"), undefined);
  assert.equal(await seen.cache.setIfAbsent("k", bytes("v"), 1000), undefined);
  await redis.start();
  await seen.until("is used", 2);
  assert.equal(await seen.cache.set("k", bytes("v"), 60_000), true);
  assert.deepEqual(
    seen.said.map((line) => line.includes("is used")),
    [true, false, true],
  );
  assert.equal(await seen.count("redisStateChanges", "up"), 2);
  assert.equal(await seen.count("redisStateChanges", "down"), 1);
  assert.ok((await seen.count("redisMisses", "down")) >= 51);
});

test(
  "a Redis that is frozen holds a request up to the deadline, three requests at most, and then none",
  NEVER,
  async (t) => {
    const redis = await privateRedis(t);
    if (!redis) return;
    const seen = open(t, redis.url, { deadlineMs: 200, connectTimeoutMs: 300 });
    await seen.until("is used", 1);
    redis.freeze();
    t.after(() => redis.thaw());
    for (let n = 0; n < 100; n += 1) assert.equal(await seen.cache.get("k"), undefined);
    assert.equal(await seen.count("redisMisses", "deadline"), 3);
    assert.equal(await seen.count("redisMisses", "down"), 97);
    redis.thaw();
    await seen.until("is used", 2);
    await works(seen.cache);
  },
);

test(
  "control: without the deadline a frozen Redis answers nothing for as long as one cares to wait",
  NEVER,
  async (t) => {
    const redis = await privateRedis(t);
    if (!redis) return;
    const client = await connectRedis({ url: redis.url, connectTimeoutMs: 5000, onBroken: () => {} });
    redis.freeze();
    let answered = false;
    const asked = client.get("k").finally(() => (answered = true));
    // Ten deadlines of the server's default.
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(answered, false);
    redis.thaw();
    assert.equal(await asked, undefined);
    client.destroy();
  },
);

test("a Redis that is slower than the deadline is passed over and stays so until it is fast", NEVER, async (t) => {
  const redis = await privateRedis(t);
  if (!redis) return;
  let delay = 0;
  const seen = open(t, await slowWay(t, redis.url, () => delay), { deadlineMs: 200 });
  await seen.until("is used", 1);
  const before = await seen.count("redisStateChanges", "down");
  // So long that no late answer comes in between and counts as one.
  delay = 60_000;
  for (let n = 0; n < 20; n += 1) assert.equal(await seen.cache.get("k"), undefined);
  assert.equal(await seen.count("redisMisses", "deadline"), 3);
  assert.equal(await seen.count("redisStateChanges", "down"), before + 1);
  delay = 0;
  await seen.until("is used", 2);
  await works(seen.cache);
});

test("a Redis that is away at the start blocks nobody and is used once it is there", NEVER, async (t) => {
  const redis = await privateRedis(t);
  if (!redis) return;
  await redis.stop();
  const seen = open(t, redis.url);
  assert.equal(await seen.cache.get("k"), undefined);
  await seen.until("passed over", 1);
  await redis.start();
  await seen.until("is used", 1);
});

test("no more commands wait than the bound says", NEVER, async (t) => {
  const redis = await privateRedis(t);
  if (!redis) return;
  const seen = open(t, redis.url, { deadlineMs: 300, maxPending: 5 });
  await seen.until("is used", 1);
  redis.freeze();
  const asked = Array.from({ length: 50 }, () => seen.cache.get("k"));
  assert.ok((await Promise.all(asked)).every((value) => value === undefined));
  assert.equal(await seen.count("redisMisses", "busy"), 45);
  redis.thaw();
});
