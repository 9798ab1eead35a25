import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RetryBudget } from "./retry-budget.ts";

const make = () => new RetryBudget({ ratio: 0.2, least: 3 });

function taken(budget: RetryBudget, tries: number, now: number): number {
  let count = 0;
  for (let index = 0; index < tries; index += 1) if (budget.take(now)) count += 1;
  return count;
}

test("a quiet provider may be retried three times in ten seconds, and three times again when they have passed", () => {
  const budget = make();
  budget.first(0);
  assert.equal(taken(budget, 10, 0), 3);
  assert.equal(taken(budget, 10, 9_999), 0);
  assert.equal(taken(budget, 10, 10_000), 3);
});

test("above fifteen requests a window the share alone holds: the least is no gift on top of it", () => {
  for (const [firsts, extras] of [
    [15, 3],
    [19, 3],
    [20, 4],
    [1000, 200],
  ] as const) {
    const budget = make();
    for (let index = 0; index < firsts; index += 1) budget.first(index);
    assert.equal(taken(budget, firsts, 1_000), extras, `${firsts} requests`);
  }
});

test("what was allowed by old requests is forgotten with them", () => {
  const budget = make();
  for (let index = 0; index < 1000; index += 1) budget.first(0);
  assert.equal(taken(budget, 1000, 60_000), 3);
});

test("however requests come, no ten seconds see more extra requests than a fifth of the first ones, or three", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 200 }), (gaps) => {
      const budget = make();
      const firsts: number[] = [];
      const extras: number[] = [];
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        budget.first(now);
        firsts.push(now);
        while (budget.take(now)) extras.push(now);
      }
      const second = (time: number) => Math.floor(time / 1000);
      return extras.every((at) => {
        const within = (time: number) => second(time) > second(at) - 10 && time <= at;
        return extras.filter(within).length <= Math.max(3, 0.2 * firsts.filter(within).length + 1e-6);
      });
    }),
  );
});

test("over any longer busy time the share holds too, also where it begins after a quiet one", () => {
  for (const gap of [1, 10, 37, 100, 400]) {
    const budget = make();
    let firsts = 0;
    let extras = 0;
    for (let now = 0; now < 120_000; now += gap) {
      budget.first(now);
      firsts += 1;
      while (budget.take(now)) extras += 1;
    }
    assert.ok(extras <= 0.2 * firsts + 1e-6, `${extras} for ${firsts}, one each ${gap} ms`);
    assert.ok(extras >= 0.2 * firsts - 1);
  }
});
