import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import fc from "fast-check";
import type { BudgetWindow } from "./counter.ts";
import { createDeclaredLimits } from "./limits.ts";
import { nanoDollars } from "./rule.ts";
import { admit, caller, codeOf, limit, spend, testServices } from "./testing.ts";

const ALONE = { shared: undefined, processes: 1 };

function open(specs: readonly object[], over: Parameters<typeof testServices>[0] = {}) {
  const services = testServices(over);
  const limits = createDeclaredLimits(services, ALONE);
  limits.set({ file: specs.map(limit), fileVersion: "1" });
  return { services, limits };
}

test("requests a minute are let in up to the limit, and evenly as it drains", async () => {
  const { limits, services } = open([{ name: "l", per: "key", requestsPerMinute: 60 }]);
  for (let n = 0; n < 60; n += 1) (await admit(limits)).settle();
  assert.equal(await codeOf(admit(limits)), "rate_limited");
  assert.equal(await codeOf(admit(limits, {}, caller({ keyId: "other" }))), "ok");
  services.clockMs += 1000;
  assert.equal(await codeOf(admit(limits)), "ok");
  assert.equal(await codeOf(admit(limits)), "rate_limited");
});

test("a refused request takes nothing of any limit: neither of those before nor of those after the one that refused", async () => {
  const { limits } = open([
    { name: "rate", requestsPerMinute: 10, tokensPerMinute: 1000 },
    { name: "places", concurrency: 1 },
    { name: "money", budget: { day: 1 } },
  ]);
  const running = await admit(limits, { tokens: 10, worst: nanoDollars(0.25) });
  for (let n = 0; n < 50; n += 1)
    assert.equal(await codeOf(admit(limits, { tokens: 100, worst: nanoDollars(0.25) })), "concurrency_exceeded");
  running.settle();
  const again = await admit(limits, { tokens: 990, worst: nanoDollars(1) });
  assert.equal(limits.standing(again.plan)?.requests?.remaining, 8);
  again.settle();
});

test("tokens are reserved by the estimate and corrected by the truth, both ways", async () => {
  const { limits } = open([{ name: "l", tokensPerMinute: 1000 }]);
  const first = await admit(limits, { tokens: 900 });
  assert.equal(await codeOf(admit(limits, { tokens: 200 })), "tokens_limited");
  spend(first, 0, 100);
  const second = await admit(limits, { tokens: 200 });
  spend(second, 0, 900);
  assert.equal(await codeOf(admit(limits, { tokens: 1 })), "tokens_limited");
});

test("money is reserved at its worst and settled by its cost; a window ends at midnight UTC and begins empty", async () => {
  const { limits, services } = open([{ name: "l", budget: { day: 1 } }]);
  const first = await admit(limits, { worst: nanoDollars(0.6) });
  assert.equal(await codeOf(admit(limits, { worst: nanoDollars(0.6) })), "budget_exceeded");
  spend(first, nanoDollars(0.1));
  const second = await admit(limits, { worst: nanoDollars(0.9) });
  spend(second, nanoDollars(0.9));
  const refused = await admit(limits, { worst: 1 }).catch((error: unknown) => error);
  assert.ok(refused instanceof SlipwayError);
  assert.equal(refused.code, "budget_exceeded");
  assert.equal(refused.retryAfter, 12 * 3600);
  assert.match(refused.message, /`l`/);
  services.clockMs += 12 * 3_600_000;
  assert.equal(await codeOf(admit(limits, { worst: nanoDollars(1) })), "ok");
});

test("a call that is charged after its client has left is charged to the window that let it in", async () => {
  const { limits, services } = open([{ name: "l", budget: { day: 1 } }]);
  const late = await admit(limits, { worst: nanoDollars(1) });
  late.begin();
  late.settle();
  assert.equal(await codeOf(admit(limits, { worst: 1 })), "budget_exceeded");
  services.clockMs += 24 * 3_600_000;
  late.booked(
    nanoDollars(1) * 1000,
    { input: 0, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 },
    services.now(),
  );
  assert.equal(await codeOf(admit(limits, { worst: nanoDollars(1) })), "ok");
});

test("a price that nobody knows is refused, or counts as configured, and never as nothing", async () => {
  const strict = open([{ name: "l", budget: { day: 1 } }]);
  assert.equal(await codeOf(admit(strict.limits, { worst: null })), "price_unknown");
  const counting = open([{ name: "l", budget: { day: 1, unknownPrice: { count: 0.5 } } }]);
  for (let n = 0; n < 2; n += 1) spend(await admit(counting.limits, { worst: null }), null);
  assert.equal(await codeOf(admit(counting.limits, { worst: null })), "budget_exceeded");
});

test("a further attempt needs money of its own only when the ones before may have to be paid", async () => {
  const { limits } = open([{ name: "l", budget: { day: 1 } }]);
  const reservation = await admit(limits, { worst: nanoDollars(0.6) });
  const nothing = { input: 0, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
  reservation.begin();
  reservation.booked(0, nothing, 1);
  assert.equal(reservation.further(), true);
  reservation.begin();
  assert.equal(reservation.further(), false);
  reservation.booked(null, nothing, 1);
  assert.equal(reservation.further(), false);
  reservation.settle();
  assert.equal(await codeOf(admit(limits, { worst: nanoDollars(0.4) })), "ok");
});

test("what the ledger knows of a window is read before its first money is given, once", async () => {
  let reads = 0;
  const readSpent = async (): Promise<number> => {
    reads += 1;
    return nanoDollars(0.7);
  };
  const { limits } = open([{ name: "l", budget: { day: 1, month: 10 } }], { readSpent });
  const asked = await Promise.all(Array.from({ length: 10 }, () => codeOf(admit(limits, { worst: nanoDollars(0.1) }))));
  assert.equal(asked.filter((code) => code === "ok").length, 3);
  assert.equal(reads, 2);
});

test("a budget that is being read is not forgotten, however many others there are", async () => {
  const slow = Promise.withResolvers<number>();
  const readSpent = ({ counter }: BudgetWindow): Promise<number> =>
    counter.id.endsWith(":slow") ? slow.promise : Promise.resolve(0);
  const { limits, services } = open([{ name: "l", per: "key", budget: { day: 1 } }], { readSpent, now: Date.now });
  const ask = (keyId: string): Promise<string> => codeOf(admit(limits, { worst: nanoDollars(0.6) }, caller({ keyId })));
  services.clockMs = 1_000_000;
  const first = ask("slow");
  for (let at = 1; at < 50_000; at += 1) limits.find(caller({ keyId: `k${at}` }), "call");
  await ask("one more, for which those that are idle are forgotten");
  const second = ask("slow");
  slow.resolve(0);
  assert.deepEqual([await first, await second], ["ok", "budget_exceeded"]);
});

test("a ledger that cannot be read closes the budget, and opens it when it can be read again", async () => {
  let broken = true;
  const readSpent = (): Promise<number> =>
    broken ? Promise.reject(new SlipwayError("database_unavailable", "It is away.")) : Promise.resolve(0);
  const { limits } = open([{ name: "l", budget: { day: 1 } }], { readSpent });
  assert.equal(await codeOf(admit(limits, { worst: 1 })), "limits_unavailable");
  broken = false;
  assert.equal(await codeOf(admit(limits, { worst: 1 })), "ok");
});

test("each charge is told by the sums before and after it, so that whoever passes a share of the budget is one", async () => {
  const told: number[][] = [];
  const { limits } = open([{ name: "l", budget: { day: 1e-9 * 10 } }], {
    onSpent: (_window, before, after) => void told.push([before, after]),
  });
  for (const cost of [4, 2, 4]) spend(await admit(limits, { worst: cost }), cost);
  assert.deepEqual(told, [
    [0, 4],
    [4, 6],
    [6, 10],
  ]);
});

test("limits count by key, user, agent, tenant and route; what does not apply holds for nobody", async () => {
  const { limits } = open([
    { name: "user", per: "user", concurrency: 1 },
    { name: "agent", per: "agent", concurrency: 1 },
    { name: "route", per: "route", match: { route: "dear" }, concurrency: 1 },
    { name: "one", per: "key", match: { key: "k9" }, concurrency: 1 },
  ]);
  assert.equal(limits.find(caller(), "call"), null);
  const cases = [{ userId: "u" }, { agent: "a" }, { route: "dear" }, { keyId: "k9" }];
  for (const over of cases) {
    const held = await admit(limits, {}, caller(over));
    assert.equal(await codeOf(admit(limits, {}, caller(over))), "concurrency_exceeded");
    assert.equal(await codeOf(admit(limits, {}, caller({ ...over, tenantId: "another" }))), "ok");
    held.settle();
  }
});

test("a run of an agent is one request, and its steps spend and are none", async () => {
  const { limits } = open([{ name: "l", requestsPerMinute: 2, tokensPerMinute: 1000 }]);
  const [run, step] = [caller({ agent: "a", route: undefined }), caller({ agent: "a" })];
  (await admit(limits, { tokens: 5000 }, run, "run")).settle();
  for (let n = 0; n < 5; n += 1) spend(await admit(limits, { tokens: 200 }, step, "step"), 0, 200);
  assert.equal(await codeOf(admit(limits, { tokens: 1 }, step, "step")), "tokens_limited");
  assert.equal(await codeOf(admit(limits, {}, run, "run")), "ok");
  assert.equal(await codeOf(admit(limits, {}, run, "run")), "rate_limited");
});

test("a limit that is changed keeps what was counted; one that counts otherwise begins anew", async () => {
  const { limits } = open([{ name: "l", budget: { day: 1 } }]);
  spend(await admit(limits, { worst: nanoDollars(0.9) }), nanoDollars(0.9));
  limits.set({ file: [limit({ name: "l", budget: { day: 0.95 } })], fileVersion: "2" });
  assert.equal(await codeOf(admit(limits, { worst: nanoDollars(0.1) })), "budget_exceeded");
  limits.set({ file: [limit({ name: "l", per: "key", budget: { day: 0.95 } })], fileVersion: "3" });
  assert.equal(await codeOf(admit(limits, { worst: nanoDollars(0.1) })), "ok");
});

type Step = readonly [worst: number, part: number, later: boolean];

/** Plays calls that overlap, and answers the most that was spent. */
async function play(steps: readonly Step[], reserves: boolean): Promise<number> {
  const { limits } = open([{ name: "l", budget: { day: 0.001 } }]);
  let spent = 0;
  const open_: { readonly end: () => void }[] = [];
  for (const [worst, part, later] of steps) {
    const reservation = await admit(limits, { worst: reserves ? worst : 0 }).catch(() => undefined);
    if (!reservation) continue;
    const cost = Math.floor(worst * part);
    const end = (): void => {
      spent += cost;
      spend(reservation, cost);
    };
    if (later) open_.push({ end });
    else end();
  }
  for (const { end } of open_) end();
  return spent;
}

const steps = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 300_000 }), fc.double({ min: 0.5, max: 1, noNaN: true }), fc.boolean()),
  { minLength: 20, maxLength: 60 },
);

test("whatever calls cost up to their worst, and however they overlap, a budget is never passed", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      assert.ok((await play(all, true)) <= nanoDollars(0.001));
    }),
  );
});

test("control: without reserving, calls that overlap pass it, and the check above sees it", async () => {
  const all = Array.from({ length: 20 }, (): Step => [300_000, 1, true]);
  assert.ok((await play(all, false)) > nanoDollars(0.001));
});
