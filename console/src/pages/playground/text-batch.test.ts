import assert from "node:assert/strict";
import { test } from "node:test";
import { createTextBatch } from "./text-batch.ts";

function setUp() {
  const taken: string[] = [];
  const frames: (() => void)[] = [];
  let cancelled = 0;
  const batch = createTextBatch(
    (run) => {
      frames.push(run);
      return () => cancelled++;
    },
    (text) => taken.push(text),
  );
  return { batch, taken, frames, cancelled: () => cancelled };
}

test("pieces are handed on together, one frame for all", () => {
  const { batch, taken, frames } = setUp();
  batch.add("a");
  batch.add("b");
  assert.deepEqual([taken, frames.length], [[], 1]);
  frames[0]?.();
  assert.deepEqual(taken, ["ab"]);
  batch.add("c");
  assert.equal(frames.length, 2);
});

test("a flush hands on at once and takes back the frame", () => {
  const { batch, taken, cancelled } = setUp();
  batch.add("a");
  batch.flush();
  batch.flush();
  assert.deepEqual([taken, cancelled()], [["a"], 1]);
});
