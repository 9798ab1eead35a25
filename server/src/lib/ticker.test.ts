import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "node:test";
import { Ticker } from "./ticker.ts";

test("members are looked at until they leave, also when they leave while being looked at; without any the timer rests", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let now = 0;
  const ticker = new Ticker(100, () => now);
  const seen: string[] = [];
  const stays = { place: -1, tick: (at: number) => void seen.push(`stays ${at}`) };
  const leaves = {
    place: -1,
    tick: (at: number) => {
      seen.push(`leaves ${at}`);
      ticker.remove(leaves);
    },
  };
  const step = (): void => {
    now += 100;
    t.mock.timers.tick(100);
  };
  ticker.add(leaves);
  ticker.add(stays);
  step();
  step();
  ticker.remove(stays);
  step();
  step();
  assert.deepEqual(seen, ["stays 100", "leaves 100", "stays 200"]);
  ticker.add(stays);
  step();
  assert.deepEqual(seen.at(-1), "stays 500");
});

test("whoever comes and goes in whatever order, all that are there are looked at once", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 60 }), (turns) => {
      let now = 0;
      const looked: number[] = [];
      const ticker = new Ticker(1_000_000, () => now);
      const members = Array.from({ length: 10 }, (_, number) => ({ place: -1, tick: () => void looked.push(number) }));
      const there = new Set<number>();
      for (const number of turns) {
        const member = members[number];
        assert.ok(member);
        if (there.delete(number)) ticker.remove(member);
        else {
          there.add(number);
          ticker.add(member);
        }
      }
      assert.equal(ticker.size, there.size);
      now += 1;
      ticker.look();
      assert.deepEqual(new Set(looked), there);
      assert.equal(looked.length, there.size);
      for (const member of members) ticker.remove(member);
      assert.equal(ticker.size, 0);
    }),
  );
});
