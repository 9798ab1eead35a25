import assert from "node:assert/strict";
import { test } from "node:test";
import { BatchWriter, type BatchWriterOptions } from "./batch-writer.ts";

function writer(overrides: Partial<BatchWriterOptions<number>> = {}) {
  const batches: number[][] = [];
  const failures: number[] = [];
  const instance = new BatchWriter<number>({
    write: async (items) => void batches.push([...items]),
    maxQueue: 100,
    maxBatch: 10,
    intervalMs: 5,
    retryMs: { least: 1, most: 4 },
    onFailure: (_error, attempt) => void failures.push(attempt),
    ...overrides,
  });
  return { instance, batches, failures };
}

test("items are written in order and in groups no larger than the batch", async () => {
  const { instance, batches } = writer();
  for (let item = 0; item < 25; item += 1) assert.equal(instance.push(item), true);
  assert.equal(await instance.flush(1000), true);
  assert.deepEqual(
    batches.flat(),
    Array.from({ length: 25 }, (_, item) => item),
  );
  assert.ok(batches.every((batch) => batch.length <= 10));
});

test("a failed write keeps its items and is tried again until it succeeds", async () => {
  let broken = 3;
  const written: number[] = [];
  const { instance, failures } = writer({
    write: async (items) => {
      if (broken > 0) {
        broken -= 1;
        throw new Error("database is away");
      }
      written.push(...items);
    },
  });
  instance.push(1);
  instance.push(2);
  assert.equal(await instance.flush(1000), true);
  assert.deepEqual(written, [1, 2]);
  assert.deepEqual(failures, [1, 2, 3]);
});

test("a full queue refuses, and says early that it is nearly full", () => {
  const { instance } = writer({ maxQueue: 10, maxBatch: 100, intervalMs: 10_000 });
  for (let item = 0; item < 9; item += 1) instance.push(item);
  assert.equal(instance.nearlyFull, true);
  assert.equal(instance.push(9), true);
  assert.equal(instance.push(10), false);
});

test("close answers what could not be written within its time", async () => {
  const { instance } = writer({
    write: async () => {
      throw new Error("database is away");
    },
  });
  instance.push(1);
  instance.push(2);
  assert.deepEqual(await instance.close(30), [1, 2]);
  assert.equal(instance.push(3), false);
});

test("a write that hangs does not hold up close", async () => {
  const { instance } = writer({ write: () => new Promise(() => {}) });
  instance.push(1);
  assert.deepEqual(await instance.close(20), [1]);
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("without an interval items are written when the turn of the event loop is over, though more come in every turn", async () => {
  const { instance, batches } = writer({ intervalMs: 0, maxQueue: 100_000, maxBatch: 100_000 });
  let turns = 0;
  for (; batches.length === 0 && turns < 1000; turns += 1) {
    instance.push(turns);
    await turn();
  }
  assert.ok(turns <= 2, `${turns} turns`);
});

test("items that come after a failed write do not hasten the next try", async () => {
  let tries = 0;
  const { instance } = writer({
    intervalMs: 0,
    retryMs: { least: 60_000, most: 60_000 },
    write: async () => {
      tries += 1;
      throw new Error("database is away");
    },
  });
  instance.push(1);
  await turn();
  await turn();
  assert.equal(tries, 1);
  instance.push(2);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(tries, 1);
  await instance.close(1);
});
