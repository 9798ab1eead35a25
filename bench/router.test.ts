import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import type { Report } from "./lib/report.ts";

const ROUTER = join(import.meta.dirname, "router.ts");

/** Runs the bench with windows of one second, without wrk where `path` says so. Nothing here is a figure. */
async function bench(args: readonly string[], path = process.env["PATH"] ?? ""): Promise<Report> {
  const short = ["--duration", "1", "--warm-up", "1", "--rounds", "1", "--connections", "4", "--json"];
  const env = { ...process.env, PATH: path };
  const { stdout } = await promisify(execFile)(process.execPath, [ROUTER, ...short, ...args], {
    env,
    timeout: 120_000,
  });
  return JSON.parse(stdout) as Report;
}

test("the router bench verifies, loads and reports a candidate, with whole and with streamed answers", async () => {
  for (const args of [[], ["--stream"]]) {
    const report = await bench(["--only", "direct", ...args]);
    const [row] = report.rows;
    assert.equal(report.rows.length, 1);
    assert.equal(row?.name, "upstream alone");
    assert.ok(
      row !== undefined && row.rps > 0 && row.cpuMicrosPerRequest > 0 && row.rssMb > 0 && row.p99Ms >= row.p50Ms,
    );
    assert.notEqual(report.machine, "");
  }
});

test("without wrk the bench takes its own generator and says so", async () => {
  const report = await bench(["--only", "direct"], "/nonexistent");
  assert.match(report.load, /own generator/);
  assert.match(report.notes.join(), /Not pinned/);
  assert.ok((report.rows[0]?.rps ?? 0) > 0);
});

test("a duration that is no number ends with exit code 2 and a sentence", async () => {
  await assert.rejects(bench(["--duration", "long"]), (error: Error & { code?: number; stderr?: string }) => {
    assert.equal(error.code, 2);
    assert.match(error.stderr ?? "", /--duration wants a whole number/);
    return true;
  });
});
