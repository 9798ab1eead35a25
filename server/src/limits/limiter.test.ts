import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { NO_USAGE } from "@slipway/contracts/model/usage.ts";
import * as fc from "fast-check";
import { createLimiter } from "./limiter.ts";

const KEY = { tenantId: "t", keyId: "k" };
const OTHER = { tenantId: "t", keyId: "other" };

function refusal(run: () => unknown): SlipwayError {
  try {
    run();
  } catch (error) {
    if (error instanceof SlipwayError) return error;
  }
  throw new Error("was not refused");
}

test("a key runs as many requests at once as it may, and a settled one makes room", () => {
  const limiter = createLimiter({ concurrency: 10, concurrencyPerKey: 2, requestsPerMinute: 0 });
  const first = limiter.admit(KEY);
  limiter.admit(KEY);
  assert.equal(refusal(() => limiter.admit(KEY)).code, "concurrency_exceeded");
  limiter.admit(OTHER);
  first.settle(NO_USAGE);
  limiter.admit(KEY);
  assert.equal(limiter.inFlight, 3);
});

test("settling twice gives back one place only", () => {
  const limiter = createLimiter({ concurrency: 10, concurrencyPerKey: 10, requestsPerMinute: 0 });
  const lease = limiter.admit(KEY);
  limiter.admit(KEY);
  lease.settle(NO_USAGE);
  lease.settle(NO_USAGE);
  assert.equal(limiter.inFlight, 1);
});

test("the whole process has a bound of its own", () => {
  const limiter = createLimiter({ concurrency: 1, concurrencyPerKey: 10, requestsPerMinute: 0 });
  limiter.admit(KEY);
  assert.equal(refusal(() => limiter.admit(OTHER)).code, "concurrency_exceeded");
});

test("a refused request consumes nothing of the rate", () => {
  let now = 0;
  const limiter = createLimiter({ concurrency: 100, concurrencyPerKey: 100, requestsPerMinute: 60 }, () => now);
  for (let count = 0; count < 6; count += 1) limiter.admit(KEY);
  for (let count = 0; count < 50; count += 1) {
    const error = refusal(() => limiter.admit(KEY));
    assert.equal(error.code, "rate_limited");
    assert.equal(error.retryAfter, 1);
  }
  now += 1000;
  limiter.admit(KEY);
});

test("over any time no key starts more than its rate and burst allow", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 200 }),
      fc.integer({ min: 10, max: 600 }),
      (gaps, rate) => {
        let now = 0;
        let admitted = 0;
        const limiter = createLimiter({ concurrency: 1e6, concurrencyPerKey: 1e6, requestsPerMinute: rate }, () => now);
        for (const gap of gaps) {
          now += gap;
          try {
            limiter.admit(KEY);
            admitted += 1;
          } catch {}
        }
        assert.ok(admitted <= Math.max(1, Math.floor(rate / 10)) + Math.ceil((now / 60_000) * rate));
      },
    ),
  );
});
