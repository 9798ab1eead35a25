import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { BudgetWindow } from "./counter.ts";
import { spentByLedger } from "./spent-by-ledger.ts";

const START = Date.UTC(2026, 10, 1);
const END = Date.UTC(2026, 11, 1);
const NOW = Date.UTC(2026, 10, 28, 12);
const anyWindow = (limit = "l"): BudgetWindow =>
  ({ start: START, end: END, counter: { tenantId: "t", rule: { id: limit } } }) as BudgetWindow;
const window = anyWindow();
const MINUTE = 60_000;
const LATE = 10 * MINUTE;
const TIMEOUT_MS = 10_000;

/** A ledger with one line a minute, of one nano-dollar, that sums so many lines in a second and gives up after ten. */
function slowLedger(linesPerSecond: number) {
  const asked: (readonly [number, number])[] = [];
  const ledger = { clockMs: 0, away: false, lines: (NOW - START) / MINUTE };
  const sum = async (_windows: readonly BudgetWindow[], from: number, to: number): Promise<number[]> => {
    asked.push([from, to]);
    if (ledger.away) throw new SlipwayError("database_unavailable", "It is away.");
    const first = Math.ceil((from - START) / MINUTE);
    const lines = Math.max(0, Math.min(Math.ceil((to - START) / MINUTE), ledger.lines) - first);
    ledger.clockMs += Math.min(TIMEOUT_MS, (lines / linesPerSecond) * 1000);
    if (lines / linesPerSecond > TIMEOUT_MS / 1000)
      throw new SlipwayError("database_unavailable", "It takes too long.");
    return [lines];
  };
  const read = spentByLedger(
    sum,
    () => ledger.clockMs,
    () => NOW,
  );
  return { ledger, asked, read };
}

test("a month that can be summed at once is", async () => {
  const { asked, read } = slowLedger(1_000_000);
  assert.equal(await read(window), (NOW - START) / MINUTE);
  assert.equal(await read(window, NOW - MINUTE), (NOW - START) / MINUTE - 1);
  assert.deepEqual(asked, [
    [START, END],
    [START, NOW - LATE],
    [NOW - LATE, NOW - MINUTE],
  ]);
});

test("a month that is too long for one statement is summed piece by piece, and nobody waits for long", async () => {
  for (const speed of [1_000, 100, 40]) {
    const { ledger, asked, read } = slowLedger(speed);
    let refused = 0;
    let spent: number | undefined;
    while (spent === undefined) {
      const before = ledger.clockMs;
      try {
        spent = await read(window);
      } catch {
        refused += 1;
      }
      assert.ok(ledger.clockMs - before <= 2 * TIMEOUT_MS, "whoever asks is told in time");
      assert.ok(refused < 500, "it comes to an end");
      // Lines are added meanwhile, at the window's end.
      ledger.lines += spent === undefined ? 1 : 0;
    }
    assert.equal(spent, ledger.lines, `at ${speed} lines a second`);
    assert.ok(refused > 0);
    const pieces = asked.slice(1).length;
    assert.ok(pieces < 600, `${pieces} pieces`);
    // What was summed once is not asked for again.
    assert.ok(asked.filter(([from]) => from === START).length <= 8);
  }
});

test("a ledger that is away is asked for all of it again, and one that goes away between goes on from there", async () => {
  const { ledger, asked, read } = slowLedger(500);
  ledger.away = true;
  await assert.rejects(read(window), { message: "It is away." });
  ledger.away = false;
  await assert.rejects(read(window), { message: "It takes too long." });
  await assert.rejects(read(window), { message: "What was spent is still being summed." });
  ledger.away = true;
  await assert.rejects(read(window), { message: "It is away." });
  const [stopped = 0] = asked.at(-1) ?? [];
  assert.ok(stopped > START);
  ledger.away = false;
  for (;;) {
    const spent = await read(window).catch(() => undefined);
    if (spent === undefined) continue;
    assert.equal(spent, ledger.lines);
    return;
  }
});

/** A ledger whose sums wait to be answered. */
function heldLedger() {
  const open: ((spent: (place: number) => number) => void)[] = [];
  const sizes: number[] = [];
  const sum = (windows: readonly BudgetWindow[]): Promise<number[]> => {
    sizes.push(windows.length);
    return new Promise((resolve) => open.push((spent) => resolve(windows.map((_, place) => spent(place)))));
  };
  const read = spentByLedger(
    sum,
    () => 0,
    () => NOW,
  );
  return { open, sizes, read };
}

async function turns(): Promise<void> {
  for (let count = 0; count < 10; count += 1) await new Promise((resolve) => setImmediate(resolve));
}

test("windows of one limit that wait for their turn are summed together, by all replicas' times alike", async () => {
  const { open, sizes, read } = heldLedger();
  const others = Array.from({ length: 3 }, (_, n) => read(anyWindow(`l${n}`)));
  await turns();
  const keys = Array.from({ length: 1001 }, () => read(anyWindow()));
  const shared = Array.from({ length: 5 }, (_, n) => read(anyWindow("shared"), NOW - n));
  await turns();
  assert.deepEqual(sizes, [1, 1, 1]);
  while (open.length > 0) {
    open.shift()?.((place) => place + 1);
    await turns();
  }
  assert.deepEqual(await Promise.all(others), [1, 1, 1]);
  assert.deepEqual(
    await Promise.all(keys),
    keys.map((_, n) => (n % 1000) + 1),
    "each gets its own sum",
  );
  // Their own rest is added to what they were summed to together.
  assert.deepEqual(await Promise.all(shared), [2, 3, 4, 5, 6]);
  assert.deepEqual(sizes, [1, 1, 1, 1000, 1, 5, 1, 1, 1, 1, 1]);
});

test("windows that are asked for together take turns, and nobody waits for one for long", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { open, read } = heldLedger();
  const asked = Array.from({ length: 6 }, (_, n) => read(anyWindow(`l${n}`)).catch((error: Error) => error.message));
  await turns();
  assert.equal(open.length, 3);
  open[0]?.(() => 1);
  await turns();
  assert.equal(open.length, 4);
  t.mock.timers.tick(8_000);
  for (const each of open) each(() => 2);
  const tooLate = "What others have spent is being summed.";
  assert.deepEqual(await Promise.all(asked), [1, 2, 2, 2, tooLate, tooLate]);
  const later = Array.from({ length: 3 }, (_, n) => read(anyWindow(`l${n}`)));
  await turns();
  assert.equal(open.length, 7, "every place is free again");
  for (const each of open) each(() => 3);
  assert.deepEqual(await Promise.all(later), [3, 3, 3]);
});
