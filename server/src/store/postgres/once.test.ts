import assert from "node:assert/strict";
import { test } from "node:test";
import { once } from "./once.ts";

test("a success is kept, callers share a run, and a failure is tried again", async () => {
  let runs = 0;
  let fails = true;
  const task = once(async () => {
    runs += 1;
    await Promise.resolve();
    if (fails) throw new Error("not yet");
  });
  const crowd = await Promise.allSettled([task(), task(), task()]);
  assert.ok(crowd.every(({ status }) => status === "rejected"));
  assert.equal(runs, 1);
  fails = false;
  await Promise.all([task(), task()]);
  await task();
  assert.equal(runs, 2);
});
