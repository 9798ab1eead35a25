import assert from "node:assert/strict";
import { test } from "node:test";
import { everyStep } from "./every-step.ts";

test("steps are taken one after another, and one that fails keeps none from being taken", async () => {
  const taken: string[] = [];
  const told: unknown[] = [];
  const late = (name: string) => async () => {
    await new Promise((resolve) => setImmediate(resolve));
    taken.push(name);
  };
  const thrown = new Error("thrown");
  const rejected = new Error("rejected");
  const steps = [
    late("a"),
    () => {
      throw thrown;
    },
    late("b"),
    () => Promise.reject(rejected),
    () => taken.push("c"),
  ];
  await assert.rejects(
    everyStep(steps, (error) => void told.push(error)),
    thrown,
  );
  assert.deepEqual(taken, ["a", "b", "c"]);
  assert.deepEqual(told, [thrown, rejected]);
  await everyStep([late("d")], () => assert.fail());
});
