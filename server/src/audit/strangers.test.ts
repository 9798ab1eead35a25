import assert from "node:assert/strict";
import { test } from "node:test";
import { StrangerBound } from "./strangers.ts";

test("strangers are recorded up to the bound of a minute, and the next minute says how many were left out", () => {
  let now = 0;
  const bound = new StrangerBound(3, () => now);
  const verdicts = Array.from({ length: 10 }, () => bound.next());
  assert.equal(verdicts.filter(({ recorded }) => recorded).length, 3);
  assert.ok(verdicts.every(({ leftOut }) => leftOut === 0));
  now = 59_999;
  assert.deepEqual(bound.next(), { recorded: false, leftOut: 0 });
  now = 60_000;
  assert.deepEqual(bound.next(), { recorded: true, leftOut: 8 });
  assert.deepEqual(bound.next(), { recorded: true, leftOut: 0 }, "said once");
});
