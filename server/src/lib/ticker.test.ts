import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
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

/** What comes first after the process stood still for far longer than a period, when an answer came meanwhile. */
async function afterStandingStill(begin: (tick: () => void) => () => void): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [other] = await accepted;
  await once(client, "connect");
  const first = new Promise<string>((come) => {
    client.once("data", () => come("the answer"));
    const end = begin(() => come("the time limit"));
    client.once("close", end);
  });
  other.write("x"); // It is in the client's buffer of the kernel when this returns.
  const until = performance.now() + 300;
  while (performance.now() < until);
  const came = await first;
  client.destroy();
  other.destroy();
  server.close();
  return came;
}

test("a look that is late comes after what has arrived meanwhile; control: a timer comes before it", async () => {
  const withTicker = (tick: () => void): (() => void) => {
    const ticker = new Ticker(50);
    const member = { place: -1, tick };
    ticker.add(member);
    return () => ticker.remove(member);
  };
  const withTimer = (tick: () => void): (() => void) => {
    const timer = setInterval(tick, 50);
    return () => clearInterval(timer);
  };
  assert.equal(await afterStandingStill(withTicker), "the answer");
  assert.equal(await afterStandingStill(withTimer), "the time limit");
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
