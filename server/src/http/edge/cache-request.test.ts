import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_TTL_SECONDS, type RouteCache } from "#router/cache/policy.ts";
import { readCachePolicy } from "./cache-request.ts";

const asked = { "x-slipway-cache": "true" };
const plain = { read: true, store: true, maxAgeSeconds: MOST_TTL_SECONDS, ttlSeconds: 3600, onlyIfCached: false };

test("nothing is cached that nobody asked to be", () => {
  assert.equal(readCachePolicy({}, undefined), undefined);
  assert.equal(readCachePolicy({ "cache-control": "max-age=60" }, undefined), undefined);
  assert.equal(readCachePolicy({ "x-slipway-cache": "false" }, { ttlSeconds: 60 }), undefined);
});

test("the header or the route asks, and cache-control says how", () => {
  const cases: readonly [Record<string, string>, number | undefined, object][] = [
    [asked, undefined, plain],
    [{}, 60, { ...plain, ttlSeconds: 60 }],
    [{ ...asked, "cache-control": "max-age=60" }, undefined, { ...plain, maxAgeSeconds: 60, ttlSeconds: 60 }],
    [{ "cache-control": "max-age=60" }, 600, { ...plain, maxAgeSeconds: 60, ttlSeconds: 600 }],
    [{ ...asked, "cache-control": "No-Store" }, undefined, { ...plain, read: false, store: false }],
    [{ ...asked, "cache-control": "no-cache" }, undefined, { ...plain, read: false }],
    [{ ...asked, "cache-control": "max-age=0" }, undefined, { ...plain, read: false, maxAgeSeconds: 0 }],
    [
      { ...asked, "cache-control": 'private, max-age="60", only-if-cached' },
      undefined,
      { ...plain, maxAgeSeconds: 60, ttlSeconds: 60, onlyIfCached: true },
    ],
    [{ ...asked, "cache-control": "max-age=9999999999" }, undefined, { ...plain, ttlSeconds: MOST_TTL_SECONDS }],
  ];
  for (const [headers, ttlSeconds, policy] of cases) {
    assert.deepEqual(
      readCachePolicy(headers, ttlSeconds === undefined ? undefined : { ttlSeconds }),
      policy,
      JSON.stringify(headers),
    );
  }
});

test("the header or the route asks for meanings, and the header, the route or the server says how near", () => {
  const semantic = { "x-slipway-cache": "semantic" };
  const near = (threshold: string) => ({ ...semantic, "x-slipway-cache-threshold": threshold });
  const route = { ttlSeconds: 60, semantic: { threshold: 0.9 } };
  const open = { ttlSeconds: 60, semantic: { threshold: undefined } };
  const cases: readonly [Record<string, string>, RouteCache | undefined, number | undefined][] = [
    [semantic, undefined, 0.95],
    [semantic, { ttlSeconds: 60 }, 0.95],
    [semantic, route, 0.9],
    [near("0.8"), route, 0.8],
    [near("1"), undefined, 1],
    [near(".5"), undefined, 0.5],
    [{}, route, 0.9],
    [{}, open, 0.95],
    [{ "x-slipway-cache-threshold": "0.7" }, open, 0.7],
    // Equal requests only, for once.
    [asked, route, undefined],
    [{}, { ttlSeconds: 60 }, undefined],
    [{ ...asked, "x-slipway-cache-threshold": "0.7" }, undefined, undefined],
  ];
  for (const [headers, from, similarity] of cases)
    assert.equal(readCachePolicy(headers, from, 0.95)?.similarity, similarity, JSON.stringify([headers, from]));
  for (const value of ["0", "0.0", "1.1", "2", "-0.5", "near", "", "1e-3", "NaN"])
    assert.throws(() => readCachePolicy(near(value), undefined, 0.95), { param: "x-slipway-cache-threshold" }, value);
});

test("without an embedding model the header is refused, and a route keeps answers to equal requests", () => {
  assert.throws(() => readCachePolicy({ "x-slipway-cache": "semantic" }, undefined), {
    code: "invalid_request",
    param: "x-slipway-cache",
  });
  const policy = readCachePolicy({}, { ttlSeconds: 60, semantic: { threshold: 0.9 } });
  assert.deepEqual(policy, { ...plain, ttlSeconds: 60 });
});

test("what cannot be understood is refused by name", () => {
  assert.throws(() => readCachePolicy({ "x-slipway-cache": "yes" }, undefined), {
    code: "invalid_request",
    param: "x-slipway-cache",
  });
  for (const value of ["max-age=soon", "max-age=-1", "max-age="]) {
    assert.throws(() => readCachePolicy({ ...asked, "cache-control": value }, undefined), {
      code: "invalid_request",
      param: "cache-control",
    });
  }
});
