import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_TTL_SECONDS } from "#router/cache/policy.ts";
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
