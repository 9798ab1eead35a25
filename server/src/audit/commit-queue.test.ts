import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { NewAuditRecord } from "#store/audit-records.ts";
import type { RecordLine } from "#store/record-line.ts";
import { createLogger } from "#telemetry/logger.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import { type AuditMode, type AuditQueue, createCommitQueue } from "./commit-queue.ts";
import { auditRecord } from "./testing.ts";

interface Commit {
  readonly records: readonly RecordLine[];
  done(): void;
  fail(): void;
}

const line = (record: NewAuditRecord): RecordLine => ({
  tenantId: record.tenantId,
  text: "",
  fields: () => ({ ...record }),
});

/** A queue over a database that commits when the test says so. */
function setUp(t: TestContext, mode: AuditMode): { readonly queue: AuditQueue; readonly commits: Commit[] } {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const commits: Commit[] = [];
  const queue = createCommitQueue({
    mode,
    line,
    write: (records) =>
      new Promise((resolve, reject) =>
        commits.push({ records, done: resolve, fail: () => reject(new Error("the database is away")) }),
      ),
    log: createLogger({ level: "silent", release: "test" }),
    metrics: createMetrics(),
  });
  return { queue, commits };
}

const refusalOf = (queue: AuditQueue): string | undefined => queue.refusal?.code;

/** Lets what was resolved run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("strict: answers wait for their commit, and those that come meanwhile share the next", async (t) => {
  const { queue, commits } = setUp(t, "strict");
  const told: string[] = [];
  const ask = (name: string): boolean =>
    queue.commit(auditRecord("a"), { committed: (ok) => void told.push(`${name} ${ok}`) });
  assert.equal(ask("first"), true);
  await settle();
  for (const name of ["second", "third"]) assert.equal(ask(name), true);
  t.mock.timers.tick(50);
  assert.equal(commits.length, 1, "one commit is under way");
  assert.deepEqual(told, []);
  commits[0]?.done();
  await settle();
  assert.deepEqual(told, ["first true"]);
  await settle();
  assert.equal(commits[1]?.records.length, 2);
  commits[1]?.done();
  await settle();
  assert.deepEqual(told, ["first true", "second true", "third true"]);
});

test("strict: a failed commit refuses new work until one succeeds, and an answer is withheld after its time, its record kept", async (t) => {
  const { queue, commits } = setUp(t, "strict");
  const told: boolean[] = [];
  queue.commit(auditRecord("a"), { committed: (ok) => void told.push(ok) });
  await settle();
  assert.equal(refusalOf(queue), undefined);
  commits[0]?.fail();
  await settle();
  assert.equal(refusalOf(queue), "audit_unavailable");
  t.mock.timers.tick(1000);
  assert.equal(commits.length, 2, "it is tried again");
  commits[1]?.done();
  await settle();
  assert.equal(refusalOf(queue), undefined);
  assert.deepEqual(told, [true]);
});

test("strict: a commit that never ends withholds its answers after their time", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const told: boolean[] = [];
  const queue = createCommitQueue({
    mode: "strict",
    line,
    write: () => new Promise(() => {}),
    log: createLogger({ level: "silent", release: "test" }),
    metrics: createMetrics(),
  });
  queue.commit(auditRecord("a"), { committed: (ok) => void told.push(ok) });
  for (now = 250; now <= 4500; now += 250) t.mock.timers.tick(250);
  assert.deepEqual(told, []);
  for (; now <= 6000; now += 250) t.mock.timers.tick(250);
  assert.deepEqual(told, [false]);
  assert.equal(refusalOf(queue), "audit_unavailable");
});

test("batched: nobody waits, and the record is written within the second", async (t) => {
  const { queue, commits } = setUp(t, "batched");
  assert.equal(queue.commit(auditRecord("a"), { committed: () => assert.fail("nobody waits") }), false);
  t.mock.timers.tick(1000);
  assert.equal(commits[0]?.records.length, 1);
  commits[0]?.fail();
  await settle();
  assert.equal(refusalOf(queue), undefined);
});
