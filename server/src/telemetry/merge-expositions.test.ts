import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { collectDefaultMetrics, Gauge } from "prom-client";
import { mergeExpositions } from "./merge-expositions.ts";
import { Counter, Histogram, MetricsRegistry } from "./series.ts";

function registry(): {
  registry: MetricsRegistry;
  counter: Counter<"x">;
  histogram: Histogram<"x">;
  gauge: Gauge<"x">;
} {
  const made = new MetricsRegistry();
  const registers = [made];
  return {
    registry: made,
    counter: new Counter({ name: "c_total", help: "Counts.", labelNames: ["x"] as const, registers }),
    histogram: new Histogram({ name: "h", help: "Spreads.", labelNames: ["x"] as const, buckets: [1, 10], registers }),
    gauge: new Gauge({ name: "g", help: "Is.", labelNames: ["x"] as const, registers }),
  };
}

const lines = (text: string): string[] => text.split("\n").filter(Boolean).toSorted();

test("what several processes have counted is what one would have counted", async () => {
  const label = fc.constantFrom("a", "with space", 'with "quotes"', "brace } 1", "line\nbreak");
  const count = fc.record({ process: fc.nat(3), x: label, value: fc.integer({ min: 0, max: 20 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(count, { maxLength: 40 }), async (counts) => {
      const one = registry();
      const several = Array.from({ length: 4 }, registry);
      for (const { process, x, value } of counts) {
        for (const each of [one, several[process] ?? one]) {
          each.counter.inc({ x }, value);
          each.histogram.observe({ x }, value);
          each.gauge.inc({ x }, value);
        }
      }
      const merged = mergeExpositions(await Promise.all(several.map((each) => each.registry.exposition())), []);
      assert.deepEqual(lines(merged), lines((await one.registry.exposition()).text));
    }),
  );
});

test("of processes that are gone, counters and histograms stay and gauges do not", async () => {
  const [here, gone] = [registry(), registry()];
  for (const each of [here, gone]) {
    each.counter.inc({ x: "a" }, 3);
    each.histogram.observe({ x: "a" }, 5);
    each.gauge.set({ x: "a" }, 7);
  }
  gone.counter.inc({ x: "only there" });
  const [present, past] = [await here.registry.exposition(), await gone.registry.metrics()];
  const merged = mergeExpositions([present], [past]);
  assert.match(merged, /^c_total\{x="a"\} 6$/m);
  assert.match(merged, /^c_total\{x="only there"\} 1$/m);
  assert.match(merged, /^h_count\{x="a"\} 2$/m);
  assert.match(merged, /^g\{x="a"\} 7$/m);
  // What was kept can be kept on.
  assert.match(mergeExpositions([present], [mergeExpositions([], [past, past])]), /^c_total\{x="a"\} 9$/m);
  assert.equal(mergeExpositions([present], []).match(/^c_total\{x="a"\} 3$/m)?.length, 1);
});

test("what cannot be summed is not: versions, the time of the start, the lag of event loops", async () => {
  const made = new MetricsRegistry();
  collectDefaultMetrics({ register: made });
  const one = await made.exposition();
  const [start, later] = ["process_start_time_seconds 100", "process_start_time_seconds 200"].map((line) => ({
    ...one,
    text: one.text.replace(/^process_start_time_seconds .*$/m, line),
  }));
  assert.ok(start && later);
  const merged = mergeExpositions([later, start], []);
  assert.match(merged, /^process_start_time_seconds 100$/m);
  assert.match(merged, /^nodejs_version_info\{.*\} 1$/m);
  const lag = /^nodejs_eventloop_lag_max_seconds (.*)$/m;
  assert.equal(lag.exec(merged)?.[1], lag.exec(one.text)?.[1]);
  const memory = /^process_resident_memory_bytes (.*)$/m;
  assert.equal(Number(memory.exec(merged)?.[1]), 2 * Number(memory.exec(one.text)?.[1]));
});
