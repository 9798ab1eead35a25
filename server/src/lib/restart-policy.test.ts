import assert from "node:assert/strict";
import { test } from "node:test";
import { RestartPolicy } from "./restart-policy.ts";

const BOUNDS = { most: 5, withinMs: 60_000, leastMs: 100, mostMs: 1000 };

test("waits double up to a bound, and one end too many within the time is the last", () => {
  const policy = new RestartPolicy(BOUNDS);
  const waits = Array.from({ length: 6 }, (_, at) => policy.ended(at * 1000));
  assert.deepEqual(waits, [100, 200, 400, 800, 1000, undefined]);
});

test("ends that lie far apart are each the first", () => {
  const policy = new RestartPolicy(BOUNDS);
  for (let day = 1; day < 100; day += 1) assert.equal(policy.ended(day * 60_000), 100);
});
