import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { requirePostgres, requireRedis } from "../test/support/require.ts";

const LIMITS = join(import.meta.dirname, "limits.ts");

interface Phase {
  readonly name: string;
  readonly calm: { readonly sent: number; readonly ok: number; readonly p99Ms: number };
  readonly allowed: number;
  readonly hard: { readonly ok: number; readonly refused: number; readonly failed: number };
}

test("while Redis refuses, is frozen or is slow, no request fails, limits hold, and nothing is counted twice", async (t) => {
  if (requirePostgres(t) === undefined || requireRedis(t) === undefined) return;
  const { stdout } = await promisify(execFile)(process.execPath, [LIMITS, "--seconds", "3", "--json"], {
    timeout: 300_000,
  });
  const report = JSON.parse(stdout) as {
    phases: Phase[];
    spent: { redis: number; ledger: number };
    changes: number[];
  };
  assert.deepEqual(
    report.phases.map(({ name }) => name),
    ["normal", "refused", "after refused", "frozen", "after frozen", "slow", "after slow"],
  );
  for (const { name, calm, hard } of report.phases) {
    assert.equal(calm.ok, calm.sent, name);
    assert.ok(calm.sent >= 100, name);
    assert.equal(hard.failed, 0, name);
  }
  // Over all stretches, which together are shorter than the limit's minute: a change of state lets some in early, and who was let in
  // early is not let in later.
  const sum = (of: (phase: Phase) => number): number => report.phases.reduce((total, phase) => total + of(phase), 0);
  const [letIn, allowed] = [sum(({ hard }) => hard.ok), sum((phase) => phase.allowed)];
  assert.ok(letIn <= allowed * 1.1 + 10, `${letIn} let in, ${allowed} allowed`);
  // The control: more was asked for, twice as much while the load is on.
  assert.ok(sum(({ hard }) => hard.refused) > 0);
  // Once at the start, and twice for each of the three faults; more where the machine was busier than Redis may be late; a line a
  // request would be hundreds.
  for (const changes of report.changes) assert.ok(changes >= 7 && changes <= 40, String(changes));
  assert.ok(report.spent.ledger > 0);
  assert.ok(Math.abs(report.spent.redis - report.spent.ledger) < 1e-9, JSON.stringify(report.spent));
});
