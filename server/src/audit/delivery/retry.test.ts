import assert from "node:assert/strict";
import { test } from "node:test";
import type { SinkFailure } from "#store/audit-sinks.ts";
import { afterFailure } from "./retry.ts";

const DAY = 86_400_000;
const BEGIN = 1_795_000_000_000;

/** Fails at each try until it gives up or the time is over. */
function failFor(ms: number, givesUp: boolean, random: () => number): readonly SinkFailure[] {
  const failures: SinkFailure[] = [];
  let before: Pick<SinkFailure, "failures"> & { failingSince: Date | null } = { failures: 0, failingSince: null };
  for (let now = BEGIN; now < BEGIN + ms;) {
    const failure = afterFailure({ kind: "failed", reason: "down" }, before, { now, random, givesUp });
    failures.push(failure);
    if (failure.state === "disabled") break;
    before = failure;
    now = failure.nextTryAt.getTime();
  }
  return failures;
}

test("a webhook is tried for five days with waits that grow to five minutes, and then given up", () => {
  for (const random of [() => 0, () => 0.5, () => 0.999]) {
    const failures = failFor(6 * DAY, true, random);
    const last = failures.at(-1);
    assert.equal(last?.state, "disabled");
    assert.ok(last.nextTryAt.getTime() - BEGIN >= 5 * DAY && last.nextTryAt.getTime() - BEGIN < 5.1 * DAY);
    assert.match(last.reason, /five days: down/);
  }
  const waits = failFor(DAY, true, () => 0.999).map(({ nextTryAt }, at, all) => {
    return nextTryAt.getTime() - (all[at - 1]?.nextTryAt.getTime() ?? BEGIN);
  });
  assert.deepEqual(
    waits.slice(0, 4).map((ms) => Math.round(ms / 1000)),
    [1, 2, 4, 8],
  );
  assert.ok(Math.max(...waits) <= 300_000 && (waits.at(-1) ?? 0) > 299_000);
});

test("other sinks are never given up, and no wait is so short that it would be none", () => {
  const failures = failFor(8 * DAY, false, () => 0.9);
  assert.ok(failures.every(({ state }) => state === "failing"));
  const [first] = failFor(1, false, () => 0);
  assert.equal(first?.nextTryAt.getTime(), BEGIN + 500);
});

test("what the other side asks for is waited for, a refusal waits five minutes, and 410 ends it", () => {
  const options = { now: BEGIN, random: () => 0, givesUp: true };
  const fresh = { failures: 0, failingSince: null };
  const wished = afterFailure({ kind: "failed", reason: "429", afterMs: 3_600_000 }, fresh, options);
  assert.equal(wished.nextTryAt.getTime(), BEGIN + 3_600_000);
  const refused = afterFailure({ kind: "refused", reason: "401" }, fresh, options);
  assert.deepEqual([refused.state, refused.nextTryAt.getTime()], ["refused", BEGIN + 300_000]);
  assert.equal(afterFailure({ kind: "gone", reason: "410" }, fresh, options).state, "disabled");
});
