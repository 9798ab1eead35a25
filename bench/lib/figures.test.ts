import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { parseCoreList, pinned } from "./cores.ts";
import { textOfStream, textOfWhole } from "./measure.ts";
import { busyMicros, cpuMicros, parseStat, rssMb, treeOf } from "./process-cpu.ts";
import { disturbanceNotes, ratioNotes, reportText, rowOf } from "./report.ts";
import { mean, median, percentile, rounded, slope } from "./stats.ts";
import { table } from "./table.ts";

test("the median is the middle value, or the mean of the two in the middle", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.throws(() => median([]), RangeError);
});

test("a percentile is a value that occurred", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(percentile(values, 50), 50);
  assert.equal(percentile(values, 99), 99);
  assert.equal(percentile([7], 99), 7);
  assert.throws(() => percentile([], 50), RangeError);
});

test("figures are rounded, not cut", () => assert.equal(rounded(1.26, 1), 1.3));

test("a stat line is read past a name with spaces and parentheses", () => {
  const line = "42 (a (b) c) S 7 1 1 0 -1 0 0 0 0 0 250 50 3 2 20 0 1 0 100 1000 10 0";
  assert.deepEqual(parseStat(line), { parent: 7, cpuMicros: 3_050_000 });
});

test("the accounts of this process grow with its work and hold its children", () => {
  const before = cpuMicros(process.pid);
  // By what the process was given, not by the clock: on a busy machine it may have to wait.
  const began = process.cpuUsage();
  while (process.cpuUsage(began).user < 60_000);
  assert.ok(cpuMicros(process.pid) - before >= 30_000, "60 ms of work are not seen");
  assert.ok(rssMb(process.pid) > 10);
  assert.ok(treeOf(process.ppid).includes(process.pid));
});

test("CPU of a child that has ended is kept in its parent's account", () => {
  const before = cpuMicros(process.pid);
  spawnSync(process.execPath, ["-e", "while (process.cpuUsage().user < 100_000);"]);
  assert.ok(cpuMicros(process.pid) - before >= 60_000);
});

test("the kernel's core lists are read, and a command is pinned only where there is a core", () => {
  assert.deepEqual(parseCoreList("0-2,5\n"), [0, 1, 2, 5]);
  assert.deepEqual(pinned("1", "node", ["x"]), ["taskset", ["--cpu-list", "1", "node", "x"]]);
  assert.deepEqual(pinned(undefined, "node", ["x"]), ["node", ["x"]]);
});

test("an answer's text is read from a whole body and from a stream, and a cut stream is an error", () => {
  assert.equal(textOfWhole('{"choices":[{"message":{"content":"hello"}}]}'), "hello");
  const stream =
    'data: {"choices":[{"delta":{"content":"he"}}]}\n\ndata: {"choices":[{"delta":{"content":"llo"}}]}\n\n';
  assert.equal(textOfStream(`${stream}data: [DONE]\n\n`), "hello");
  assert.throws(() => textOfStream(stream), /does not end with \[DONE\]/);
});

test("a machine on which others work is told, a quiet one is not", () => {
  const rounds = (foreignCores: number) =>
    new Map([
      [
        "x",
        [
          {
            row: { rps: 1, cpuMicrosPerRequest: 1, p50Ms: 1, p99Ms: 1, rssMb: 1 },
            helperMicros: new Map<string, number>(),
            foreignCores,
          },
        ],
      ],
    ]);
  assert.deepEqual(disturbanceNotes(rounds(0.02)), []);
  assert.match(disturbanceNotes(rounds(0.6)).join(), /Other processes used 60 % of a core/);
  assert.equal(busyMicros("cpu  10 1 5 1000 7 2 3 0 0 0\ncpu0 1"), 210_000);
});

test("columns stand under each other, numbers to the right", () => {
  assert.equal(
    table([
      ["", "n"],
      ["ab", "10"],
      ["c", "9"],
    ]),
    "     n\nab  10\nc    9",
  );
});

test("a report shows medians, the least CPU of a round, and CPU as a share of Slipway's and Portkey's", () => {
  const round = (cpuMicrosPerRequest: number) => ({
    row: { rps: 100, cpuMicrosPerRequest, p50Ms: 1, p99Ms: 2, rssMb: 3 },
    helperMicros: new Map<string, number>(),
    foreignCores: 0,
  });
  const rows = [
    rowOf("portkey gateway", [round(380), round(400), round(900)]),
    rowOf("slipway (governed)", [round(50)]),
  ];
  assert.deepEqual([rows[0]?.cpuMicrosPerRequest, rows[0]?.leastCpuMicros], [400, 380]);
  const text = reportText({ machine: "m", load: "l", rows, notes: [] });
  assert.match(text, /^portkey gateway .* 8\.000 +1\.000$/m);
  assert.match(text, /^slipway \(governed\) .* 1\.000 +0\.125$/m);
});

test("a ratio is taken round by round, so that a slow one of the machine counts no more than another", () => {
  const rounds = (...micros: number[]) =>
    micros.map((cpuMicrosPerRequest) => ({
      row: { rps: 1, cpuMicrosPerRequest, p50Ms: 1, p99Ms: 1, rssMb: 1 },
      helperMicros: new Map<string, number>(),
      foreignCores: 0,
    }));
  const all = new Map([
    ["portkey gateway", rounds(400, 4000, 800)],
    ["slipway (governed)", rounds(40, 400, 80)],
  ]);
  assert.match(ratioNotes(all, "slipway", "portkey").join(), /0\.1000 ± 0\.0000, median 0\.1000/);
  all.set("slipway (governed)", rounds(40, 800, 80));
  assert.match(ratioNotes(all, "slipway", "portkey").join(), /0\.1260 ± 0\.0291, median 0\.1000/);
  assert.deepEqual(ratioNotes(new Map([["slipway", rounds(1, 2)]]), "slipway", "portkey"), []);
});

test("a mean comes with its error", () => {
  assert.deepEqual(mean([2, 4, 4, 6]), { mean: 4, error: Math.sqrt(8 / 3 / 4) });
  assert.throws(() => mean([1]), RangeError);
});

test("a slope comes with its error", () => {
  const line = slope([0, 1, 2, 3].map((x) => [x, 2 * x + 1]));
  assert.deepEqual([rounded(line.slope, 9), rounded(line.error, 9)], [2, 0]);
  const flat = slope([0, 1, 2, 3, 4, 5].map((x) => [x, x % 2]));
  assert.ok(Math.abs(flat.slope) < 2 * flat.error);
  assert.throws(() => slope([[0, 1]]), RangeError);
});
