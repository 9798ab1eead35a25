import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogFields, Logger } from "./logger.ts";
import { createMetrics } from "./metrics.ts";
import { createRecordQueue } from "./record-queue.ts";

const ignore = (): void => {};

function setUp(write: (lines: readonly { readonly text: string }[]) => Promise<void>) {
  const logged: LogFields[] = [];
  const log: Logger = {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (fields) => void logged.push(fields),
    flush: ignore,
  };
  const queue = createRecordQueue({
    queue: "usage",
    line: (item: { readonly id: string }) => ({ text: JSON.stringify(item), fields: () => item }),
    write,
    log,
    metrics: createMetrics(),
    intervalMs: 1,
  });
  return { queue, logged };
}

test("what is written of a record is what it was when it was taken", async () => {
  const written: string[] = [];
  const { queue, logged } = setUp(async (lines) => void written.push(...lines.map(({ text }) => text)));
  const item = { id: "a" };
  queue.take(item);
  item.id = "changed";
  await queue.close(1000);
  assert.deepEqual(written, ['{"id":"a"}']);
  assert.deepEqual(logged, []);
});

test("what cannot be written goes to the log, by name", async () => {
  const { queue, logged } = setUp(() => new Promise(ignore));
  queue.take({ id: "a" });
  await queue.close(10);
  assert.equal(queue.offer({ id: "b" }), false);
  assert.deepEqual(
    logged.map(({ record }) => record),
    [{ id: "a" }, { id: "b" }],
  );
});
