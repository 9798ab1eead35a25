import assert from "node:assert/strict";
import { test } from "node:test";
import agent from "./agent.ts";
import { afterWorkingDays } from "./arrival.ts";

const context = {
  tenantId: "t1",
  agent: "order-desk",
  runId: "run_1",
  threadId: "thr_1",
  signal: new AbortController().signal,
};

function call(name: string, input: unknown): unknown {
  const tool = agent.tools?.[name];
  assert.ok(tool, `there is a tool ${name}`);
  return tool.run(tool.input.parse(input), context);
}

test("working days leave weekends out", () => {
  assert.equal(afterWorkingDays("2026-11-19", 1), "2026-11-20");
  assert.equal(afterWorkingDays("2026-11-20", 1), "2026-11-23");
  assert.equal(afterWorkingDays("2026-11-21", 1), "2026-11-23");
  assert.equal(afterWorkingDays("2026-12-30", 4), "2027-01-05");
});

test("an order is found by its number, written in either case", () => {
  const found = call("look_up_order", { number: "so-1042" });
  assert.equal((found as { customer: string }).customer, "Harbour & Sons");
  assert.match(String(call("look_up_order", { number: "SO-9999" })), /no order SO-9999/);
});

test("a number of another form is refused before anything is looked up", () => {
  for (const number of ["1042", "SO-10421", "SO-1042 ", "'; drop table orders"]) {
    assert.throws(() => call("look_up_order", { number }), number);
  }
});

test("arrival is reckoned from the day of shipping and the service", () => {
  assert.deepEqual(call("estimate_arrival", { number: "SO-1042" }), {
    number: "SO-1042",
    service: "standard",
    shippedOn: "2026-11-19",
    arrivesOn: "2026-11-25",
  });
  assert.match(String(call("estimate_arrival", { number: "SO-1043" })), /not shipped yet/);
  const later = call("estimate_arrival", { number: "SO-1043", shipsOn: "2026-11-27" });
  assert.equal((later as { arrivesOn: string }).arrivesOn, "2026-12-03");
  assert.match(String(call("estimate_arrival", { number: "SO-1041" })), /delivered/);
  assert.match(String(call("estimate_arrival", { number: "SO-1044" })), /cancelled/);
});
