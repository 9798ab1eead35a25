import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "./outcome.ts";
import { Report } from "./report.ts";

const file = "/repo/server/src/x.test.ts";
const passed: Outcome = { kind: "passed", file, name: "works", ms: 1 };
const failed: Outcome = { kind: "failed", file, name: "breaks", error: "AssertionError: 1 is not 2\n    at line" };
const required: Outcome = { kind: "skipped", file, name: "asks", reason: "requires Redis: ./slipway test sets it up" };
const optional: Outcome = { kind: "skipped", file, name: "runs", reason: "only on macOS" };

function closed(outcomes: readonly Outcome[], strict: boolean): { readonly text: string; readonly good: boolean } {
  let text = "";
  const report = new Report("/repo", (part) => (text += part));
  for (const outcome of outcomes) report.add(outcome);
  return { good: report.close(strict), text };
}

test("the last line counts, alone on its line", () => {
  assert.match(closed([passed, passed, failed, optional], false).text, /\n2 passed, 1 failed, 1 skipped\n$/);
});

test("a failure is shown in full, and named again at the end", () => {
  const { good, text } = closed([passed, failed], false);
  assert.equal(good, false);
  assert.match(text, /FAIL {2}server\/src\/x\.test\.ts › breaks\n {4}AssertionError: 1 is not 2\n {8}at line/);
  assert.match(text, /Failed:\n {2}server\/src\/x\.test\.ts › breaks\n/);
});

test("every skip is listed with its reason", () => {
  const { good, text } = closed([passed, required, optional], false);
  assert.equal(good, true);
  assert.match(text, /Skipped:\n.*asks\n {4}requires Redis.*\n.*runs\n {4}only on macOS\n/);
});

test("on CI a skip of a required part is a failure, another one is not", () => {
  assert.equal(closed([passed, required], true).good, false);
  assert.equal(closed([passed, optional], true).good, true);
});

test("a run without a test is a failure", () => {
  const { good, text } = closed([], false);
  assert.equal(good, false);
  assert.match(text, /No test was run/);
  assert.match(text, /\n0 passed, 0 failed, 0 skipped\n$/);
});

test("only skips is no run", () => {
  assert.equal(closed([optional], false).good, false);
});

test("what a failing file printed is shown, what a passing one printed is not", () => {
  const output: Outcome = { kind: "output", file, text: "a hint" };
  const done: Outcome = { kind: "file", file, ms: 20 };
  assert.match(closed([output, failed, done], false).text, /It printed:\n {4}a hint/);
  assert.doesNotMatch(closed([output, passed, done], false).text, /a hint/);
});

test("a red guard counts as a failed test", () => {
  const report = new Report("/repo", () => undefined);
  report.count("guard lint", false);
  report.count("guard types", true);
  assert.deepEqual([report.passed, report.failed], [1, 1]);
  assert.equal(report.close(false), false);
});

test("slow tests are named, the slowest first", () => {
  const slow = (name: string, ms: number): Outcome => ({ kind: "passed", file, name, ms });
  const { text } = closed([slow("a", 6_000), slow("b", 9_000), slow("c", 10)], false);
  assert.match(text, /Slowest:\n {2}9\.0 s .* b\n {2}6\.0 s .* a\n/);
  assert.doesNotMatch(text, /› c/);
});
