import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as prometheus from "prom-client";
import { Counter, Histogram, MetricsRegistry } from "./series.ts";

/** The lines of an exposition that say something, in order, so that two can be compared. */
function lines(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .toSorted();
}

test("what is written is what prom-client writes for the same counts", async () => {
  const label = fc.constantFrom("a", "b", 'with "quotes"', "line\nbreak", "back\\slash");
  const count = fc.record({ x: label, y: fc.integer({ min: 200, max: 203 }), value: fc.integer({ min: 0, max: 99 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(count, { maxLength: 30 }), async (counts) => {
      const ours = new MetricsRegistry();
      const theirs = new prometheus.Registry();
      const counter = { name: "c_total", help: "Counts \\ things.", labelNames: ["x", "y"] as const };
      const histogram = { name: "h", help: "Spreads.", labelNames: ["x"] as const, buckets: [1, 10, 50] };
      const [ourCounter, theirCounter] = [
        new Counter({ ...counter, registers: [ours] }),
        new prometheus.Counter({ ...counter, registers: [theirs] }),
      ];
      const [ourHistogram, theirHistogram] = [
        new Histogram({ ...histogram, registers: [ours] }),
        new prometheus.Histogram({ ...histogram, registers: [theirs] }),
      ];
      for (const { x, y, value } of counts) {
        ourCounter.inc({ x, y }, value);
        theirCounter.inc({ x, y }, value);
        ourHistogram.observe({ x }, value);
        theirHistogram.observe({ x }, value);
      }
      assert.deepEqual(lines(await ours.metrics()), lines(await theirs.metrics()));
    }),
  );
});

test("prom-client's own metrics stand in the same exposition", async () => {
  const registry = new MetricsRegistry();
  void new prometheus.Gauge({ name: "g", help: "G.", registers: [registry] });
  new Counter({ name: "c", help: "C.", labelNames: [], registers: [registry] }).inc({});
  assert.match(await registry.metrics(), /# TYPE g gauge\ng 0\n\n# HELP c C\.\n# TYPE c counter\nc\{\} 1\n$/);
});
