import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger } from "#telemetry/logger.ts";
import { Retention } from "./retention.ts";

const log = createLogger({ level: "silent", release: "test" });

/** Logs by their tenants, with as many records as may be removed; a look shows no more than 3,000 of one. */
function world(logs: Map<string, number>, failing: readonly string[] = []) {
  const most = 3_000;
  const chain = {
    retirable: (after: string, limit: number) =>
      Promise.resolve(
        [...logs]
          .filter(([tenantId]) => tenantId > after)
          .slice(0, limit)
          .map(([tenantId, left]) => ({
            tenantId,
            size: left === 0 ? null : Math.min(left, most),
            more: left > most,
          })),
      ),
    retire(tenantId: string, size: number, limit: number) {
      if (failing.includes(tenantId)) return Promise.reject(new Error("refused"));
      const removed = Math.min(limit, size, logs.get(tenantId) ?? 0);
      logs.set(tenantId, (logs.get(tenantId) ?? 0) - removed);
      return Promise.resolve(removed);
    },
  };
  return new Retention(chain, { days: 30, delivered: () => Promise.resolve(undefined) }, log);
}

async function all(retention: Retention, ms: number): Promise<number> {
  for (let sum = 0; ;) {
    const { removed, over } = await retention.removeFor(ms);
    sum += removed;
    if (over) return sum;
  }
}

const named = (n: number): string => `t${String(n).padStart(4, "0")}`;
const left = (logs: Map<string, number>): string[] => [...logs].flatMap(([id, count]) => (count === 0 ? [] : [id]));

test("of every log what may go is removed, however many there are, how much it is, and in how many pieces", async () => {
  for (const ms of [0, Infinity]) {
    const logs = new Map(Array.from({ length: 1_500 }, (_, n) => [named(n), n % 3]));
    logs.set(named(7), 10_500);
    const sum = [...logs.values()].reduce((before, count) => before + count, 0);
    assert.equal(await all(world(logs), ms), sum);
    assert.deepEqual(left(logs), []);
  }
});

test("a log of which nothing can be removed keeps no other from its turn; where log after log fails it goes on behind them later", async () => {
  const logs = new Map(Array.from({ length: 40 }, (_, n) => [named(n), 5]));
  const one = [named(3), named(9)];
  assert.equal(await all(world(logs, one), Infinity), 38 * 5);
  assert.deepEqual(left(logs), one);
  const others = new Map(Array.from({ length: 40 }, (_, n) => [named(n), 5]));
  const failing = [...others.keys()].slice(0, 12);
  const retention = world(others, failing);
  await assert.rejects(all(retention, Infinity), /refused/);
  assert.equal(await all(retention, Infinity), 28 * 5);
  assert.deepEqual(left(others), failing);
});
