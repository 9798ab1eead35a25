import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import { ReplayCall } from "./replay.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const events: readonly ModelEvent[] = Array.from({ length: 1000 }, (_, n) => ({ type: "text", text: `${n} ` }));

test("everything comes in order, nothing before the caller knows of the call, and one end", async () => {
  const seen: ModelEvent[] = [];
  const outcomes: string[] = [];
  await new Promise<void>((resolve) => {
    void new ReplayCall(
      events,
      { event: (event) => void seen.push(event), end: resolve, fail: assert.ifError },
      (outcome) => void outcomes.push(outcome),
    );
    assert.equal(seen.length, 0);
  });
  assert.deepEqual(seen, events);
  assert.deepEqual(outcomes, ["ok"]);
});

test("a slow client holds a replay back, and one that leaves ends it", async () => {
  const seen: ModelEvent[] = [];
  const outcomes: string[] = [];
  const call = new ReplayCall(
    events,
    {
      event(event) {
        seen.push(event);
        if (seen.length === 10) call.pause();
      },
      end: () => outcomes.push("end"),
      fail: () => outcomes.push("fail"),
    },
    (outcome) => void outcomes.push(outcome),
  );
  for (let n = 0; n < 5; n += 1) await turn();
  assert.equal(seen.length, 10);
  call.resume();
  await turn();
  await turn();
  assert.ok(seen.length > 10 && seen.length < 1000, String(seen.length));
  call.abort();
  call.abort();
  const then = seen.length;
  for (let n = 0; n < 5; n += 1) await turn();
  assert.equal(seen.length, then);
  assert.deepEqual(outcomes, ["aborted"]);
});
