import assert from "node:assert/strict";
import { test } from "node:test";
import { PeakLatency } from "./peak-latency.ts";

test("bad news is believed at once, good news slowly, and both are forgotten", () => {
  const latency = new PeakLatency();
  assert.equal(latency.at(0), 0);
  latency.observe(100, 0);
  assert.equal(latency.at(0), 100);
  latency.observe(1000, 0);
  assert.equal(latency.at(0), 1000);
  latency.observe(100, 0);
  assert.equal(latency.at(0), 730);
  assert.ok(latency.at(15_000) < 300 && latency.at(15_000) > 200);
  assert.ok(latency.at(300_000) < 1);
});
