import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { retryDelay } from "./backoff.ts";

const SETTINGS = { baseMs: 100, capMs: 1000 };

test("without a wish a wait lies anywhere from 0 to a bound that doubles up to the cap", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 100].map((attempt) => retryDelay(attempt, undefined, SETTINGS, () => 0.999_999)),
    [99, 199, 399, 799, 999, 999],
  );
  assert.equal(
    retryDelay(4, undefined, SETTINGS, () => 0),
    0,
  );
});

test("what the other side asks for is waited for in full, and at most a quarter and never more than the cap longer", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (wish, chance) => {
        const wait = retryDelay(1, wish, SETTINGS, () => chance);
        return wait >= wish && wait <= wish + Math.min(wish / 4, SETTINGS.capMs) + 1;
      },
    ),
  );
});
