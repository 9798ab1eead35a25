import assert from "node:assert/strict";
import { test } from "node:test";
import { CircuitBreaker, DEFAULT_BREAKER } from "./circuit-breaker.ts";

function make() {
  const changes: string[] = [];
  const breaker = new CircuitBreaker(DEFAULT_BREAKER, (from, to, openMs) => changes.push(`${from} ${to} ${openMs}`));
  const fail = (count: number, now: number): void => {
    for (let index = 0; index < count; index += 1) breaker.failed(now, false);
  };
  return { breaker, changes, fail };
}

test("five failures in a row open it, four do not, and a success between them starts the count again", () => {
  const { breaker, changes, fail } = make();
  fail(4, 0);
  breaker.succeeded(1);
  fail(4, 2);
  assert.equal(breaker.state, "closed");
  fail(1, 3);
  assert.equal(breaker.state, "open");
  assert.deepEqual(changes, ["closed open 5000"]);
});

test("half of twenty outcomes within ten seconds open it, and the same outcomes spread over a minute do not", () => {
  const mixed = (everyMs: number): string => {
    const { breaker } = make();
    for (let index = 0; index < 20; index += 1) {
      if (index % 2 === 0) breaker.succeeded(index * everyMs);
      else breaker.failed(index * everyMs, false);
    }
    return breaker.state;
  };
  assert.equal(mixed(100), "open");
  assert.equal(mixed(3000), "closed");
});

test("open it admits nothing, then one probe at a time, and closes after two that are answered", () => {
  const { breaker, changes, fail } = make();
  fail(5, 0);
  assert.equal(breaker.admits(4_999), false);
  assert.equal(breaker.opensIn(1_000), 4_000);
  assert.equal(breaker.begin(4_999), false, "an attempt that goes on although it is open is no probe");
  assert.equal(breaker.begin(5_000), true);
  assert.equal(breaker.admits(5_001), false, "a second one beside the first");
  breaker.probePassed(5_100);
  assert.equal(breaker.state, "half_open");
  assert.equal(breaker.begin(5_101), true);
  breaker.probePassed(5_200);
  assert.equal(breaker.state, "closed");
  assert.deepEqual(changes, ["closed open 5000", "open half_open 5000", "half_open closed 5000"]);
});

test("a probe that fails doubles the time up to a minute, and one that tells nothing lets the next one go", () => {
  const { breaker, fail } = make();
  fail(5, 0);
  let now = 0;
  for (const openMs of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
    assert.equal(breaker.admits(now + openMs - 1), false, String(openMs));
    now += openMs;
    assert.equal(breaker.begin(now), true);
    breaker.release();
    assert.equal(breaker.begin(now), true);
    breaker.failed(now, true);
  }
});

test("it is dead after ten failures in a row without a success for ten seconds, while no probe is due", () => {
  const { breaker, fail } = make();
  breaker.succeeded(0);
  fail(9, 20_000);
  assert.equal(breaker.dead(20_000), false);
  fail(1, 20_000);
  assert.equal(breaker.dead(20_000), true);
  assert.equal(breaker.dead(25_000), false, "a probe may go");
  const alive = make();
  alive.breaker.succeeded(15_000);
  alive.fail(10, 20_000);
  assert.equal(alive.breaker.dead(20_000), false, "five seconds ago it worked");
});
