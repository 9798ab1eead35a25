import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveLeases } from "./live-leases.ts";

test("a lease is renewed before a fifth of its life has passed, however it falls, and no more once it is removed", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const leaseMs = 120_000;
  let now = 0;
  const renewed: number[] = [];
  const leases = new LiveLeases(
    leaseMs,
    () => now,
    (tenantId, changes) => assert.deepEqual([tenantId, changes.length], ["t", 1]),
  );
  const pass = (ms: number): void => {
    for (const end = now + ms; now < end;) {
      now += 250;
      t.mock.timers.tick(250);
    }
  };
  // An allowance counts on it (allowances.ts): a fifth, and the three quarters for which it is believed, are less than a life.
  for (const offset of [0, 1_000, 3_500, 3_750, 7_000]) {
    pass(offset);
    const id = `lease-${offset}`;
    renewed.length = 0;
    renewed.push(now);
    leases.add("t", id, [{ key: "k", of: "money", amount: 1 }], () => renewed.push(now));
    pass(leaseMs);
    assert.ok(leases.remove(id));
    const count = renewed.length;
    assert.ok(count >= 6, String(count));
    for (const [at, when] of renewed.slice(1).entries()) {
      const gap = when - (renewed[at] ?? 0);
      assert.ok(gap < leaseMs / 5, `${gap} ms of ${leaseMs}`);
    }
    pass(leaseMs);
    assert.equal(renewed.length, count);
  }
  leases.close();
});
