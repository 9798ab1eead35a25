import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createRedisLimits } from "#store/redis/shared-limits.ts";
import { later } from "#store/testing/databases.ts";
import { privateRedis, slowWay } from "#store/testing/private-redis.ts";
import { askRedis } from "../../../../test/support/redis.ts";
import { requireRedis } from "../../../../test/support/require.ts";
import { createDeclaredLimits, type DeclaredLimits } from "./limits.ts";
import type { LimitServices } from "./local-limits.ts";
import type { Reservation } from "./reservation.ts";
import { nanoDollars } from "./rule.ts";
import { admit, caller, codeOf, limit, spend } from "./testing.ts";

const NEVER = { timeout: 60_000 };

interface Replica {
  readonly limits: DeclaredLimits;
  /** The states of Redis as this replica told them. */
  readonly states: string[];
  /** Why Redis was not asked or gave no answer, each time. */
  readonly misses: readonly string[];
  until(state: string, times: number): Promise<void>;
}

interface ReplicaOptions {
  readonly url: string;
  readonly specs: readonly object[];
  readonly processes?: number;
  readonly leaseMs?: number;
  readonly deadlineMs?: number;
  readonly services?: Partial<LimitServices>;
}

function replica(t: TestContext, options: ReplicaOptions): Replica {
  const { url, specs, processes = 3, leaseMs = 60_000, services } = options;
  const states: string[] = [];
  const misses: string[] = [];
  // A deadline that a busy machine keeps; what waits is bounded by it, whatever it is.
  const { deadlineMs = 20_000 } = options;
  const counts = createRedisLimits({
    url,
    limits: { deadlineMs, pauseMs: { least: 20, most: 100 } },
    onState: (up) => void states.push(up ? "up" : "down"),
    onMiss: (why) => void misses.push(why),
  });
  const clock = (): number => performance.now();
  const base: LimitServices = {
    clock,
    now: () => Date.now(),
    readSpent: () => Promise.resolve(0),
    onSpent: () => {},
    ...services,
  };
  const limits = createDeclaredLimits(base, { shared: { counts, leaseMs }, processes });
  limits.set({ file: specs.map(limit), fileVersion: "1" });
  later(t, () => limits.close());
  return {
    limits,
    states,
    misses,
    async until(state, times) {
      while (states.filter((seen) => seen === state).length < times) await sleep(10);
    },
  };
}

const count = (codes: readonly string[], code: string): number => codes.filter((each) => each === code).length;

/** A tenant of one test's own, since tests share a Redis. */
const tenant = (): { tenantId: string } => ({ tenantId: `t-${randomUUID()}` });

/** Looks until the check holds. */
async function holds(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await sleep(20);
}

test("three replicas let in as many requests, places, tokens and dollars as one would", NEVER, async (t) => {
  const url = requireRedis(t);
  if (url === undefined) return;
  const cases: readonly (readonly [object, string, object])[] = [
    [{ requestsPerMinute: 20 }, "rate_limited", {}],
    [{ tokensPerMinute: 200 }, "tokens_limited", { tokens: 10 }],
    [{ concurrency: 20 }, "concurrency_exceeded", {}],
    // A fiftieth is set aside by each replica that asks; the caps leave room for it.
    [{ budget: { day: 20, outageShare: 0 } }, "budget_exceeded", { worst: nanoDollars(1) }],
  ];
  for (const [bound, code, demand] of cases) {
    const who = caller(tenant());
    const replicas: readonly Replica[] = Array.from({ length: 3 }, () =>
      replica(t, { url, specs: [{ name: "l", ...bound }] }),
    );
    const codes = await Promise.all(
      Array.from({ length: 90 }, (_, at) => codeOf(admit(replicas[at % 3]?.limits ?? assert.fail(), demand, who))),
    );
    // The bucket drains while the requests are asked: a slow machine may let in one more.
    assert.ok([20, 21].includes(count(codes, "ok")), `${code}: ${count(codes, "ok")}`);
    assert.equal(count(codes, "ok") + count(codes, code), 90);
  }
});

test(
  "control: replicas that know nothing of each other let in three times as much, and the count above sees it",
  NEVER,
  async (t) => {
    const url = requireRedis(t);
    if (url === undefined) return;
    const apart = Array.from({ length: 3 }, () => {
      const who = caller(tenant());
      return { who, limits: replica(t, { url, specs: [{ name: "l", concurrency: 20 }] }).limits };
    });
    const codes = await Promise.all(
      Array.from({ length: 90 }, (_, at) => {
        const one = apart[at % 3] ?? assert.fail();
        return codeOf(admit(one.limits, {}, one.who));
      }),
    );
    assert.equal(count(codes, "ok"), 60);
  },
);

/** Plays calls over replicas that overlap, each of random cost up to its worst; answers what was spent and let in. */
async function play(replicas: readonly Replica[], who: ReturnType<typeof caller>, reserves: boolean) {
  const worst = nanoDollars(0.01);
  let spent = 0;
  let admitted = 0;
  await Promise.all(
    Array.from({ length: 300 }, async (_, at) => {
      await sleep(Math.random() * 300);
      const { limits } = replicas[at % replicas.length] ?? assert.fail();
      const reservation = await admit(limits, { worst: reserves ? worst : 0 }, who).catch(() => undefined);
      if (!reservation) return;
      admitted += 1;
      await sleep(50 + Math.random() * 100);
      const cost = Math.floor(worst * Math.random());
      spent += cost;
      spend(reservation, cost);
    }),
  );
  return { spent, admitted };
}

const SMALL = [{ name: "l", budget: { day: 0.3, outageShare: 0 } }];

test(
  "a budget is never passed by 300 calls over three replicas, and what was spent is all that was spent",
  NEVER,
  async (t) => {
    const url = requireRedis(t);
    if (url === undefined) return;
    const told: number[] = [];
    const onSpent = (_: unknown, _before: number, after: number): void => void told.push(after);
    const who = caller(tenant());
    const replicas = Array.from({ length: 3 }, () => replica(t, { url, specs: SMALL, services: { onSpent } }));
    const { spent, admitted } = await play(replicas, who, true);
    assert.ok(spent <= nanoDollars(0.3) && admitted >= 30, `${spent} by ${admitted}`);
    // The settlements are gathered; the last one makes the sum.
    await holds(() => Promise.resolve(Math.max(...told) === spent));
  },
);

test(
  "what is spent is told of the tenant that spent it, also where another has a budget of the same name",
  NEVER,
  async (t) => {
    const url = requireRedis(t);
    if (url === undefined) return;
    const told: string[] = [];
    const onSpent: LimitServices["onSpent"] = ({ counter }, _, after) => void told.push(`${counter.tenantId} ${after}`);
    const specs = [{ name: "l", per: "route", budget: { day: 1, outageShare: 0 } }];
    const { limits } = replica(t, { url, specs, services: { onSpent } });
    const [one, other] = [caller(tenant()), caller(tenant())];
    const first = await admit(limits, { worst: 5 }, one);
    spend(await admit(limits, { worst: 5 }, other), 2);
    spend(first, 3);
    await holds(() => Promise.resolve(told.length === 2));
    assert.deepEqual(told.toSorted(), [`${one.tenantId} 3`, `${other.tenantId} 2`].toSorted());
  },
);

test("control: without reserving, the same calls pass the budget", NEVER, async (t) => {
  const url = requireRedis(t);
  if (url === undefined) return;
  const who = caller(tenant());
  const replicas = Array.from({ length: 3 }, () => replica(t, { url, specs: SMALL }));
  const { spent } = await play(replicas, who, false);
  assert.ok(spent > nanoDollars(0.3), String(spent));
});

test(
  "what a replica had reserved comes back when it is heard of no more, and stays reserved as long as it runs",
  NEVER,
  async (t) => {
    const url = requireRedis(t);
    if (url === undefined) return;
    const who = caller(tenant());
    const specs = [{ name: "l", concurrency: 1, budget: { day: 1, outageShare: 0 } }];
    const demand = { worst: nanoDollars(0.9) };
    const alive = replica(t, { url, specs, leaseMs: 3000 });
    const running = await admit(alive.limits, demand, who);
    const other = replica(t, { url, specs, leaseMs: 3000 });
    // Longer than a lease: it has been renewed.
    await sleep(4500);
    assert.equal(await codeOf(admit(other.limits, demand, who)), "concurrency_exceeded");
    spend(running, nanoDollars(0.05));
    // A replica that is gone: nothing of it is renewed or settled any more.
    const lost: Reservation[] = [];
    await holds(async () => (await codeOf(admit(alive.limits, demand, who).then((r) => void lost.push(r)))) === "ok");
    await alive.limits.close();
    await holds(async () => (await codeOf(admit(other.limits, demand, who))) === "ok");
    assert.equal(await codeOf(admit(other.limits, { worst: nanoDollars(0.06) }, who)), "concurrency_exceeded");
  },
);

test("a batch of settlements that is sent twice counts once", NEVER, async (t) => {
  const url = requireRedis(t);
  if (url === undefined) return;
  const { tenantId } = tenant();
  const counts = createRedisLimits({ url, limits: { deadlineMs: 20_000 }, onState: () => {}, onMiss: () => {} });
  later(t, () => counts.close());
  const base = { spent: 7, before: 1000 };
  const entry = { kind: "money", key: "k", cap: 100, amount: 0, expiresAt: Date.now() + 60_000, base } as const;
  const lease = { id: "x", ttlMs: 1000, money: [], places: [] };
  assert.deepEqual((await counts.reserve(tenantId, lease, [{ ...entry, base: undefined }]))?.status, "unknown");
  assert.equal((await counts.reserve(tenantId, lease, [entry]))?.status, "taken");
  const batch = { process: "p", number: 1, changes: [{ kind: "spend", key: "k", amount: 5, bookedAt: 1000 }] } as const;
  assert.deepEqual(await counts.settle(tenantId, batch), [[7, 12]]);
  assert.deepEqual(await counts.settle(tenantId, batch), []);
  // Control: under a new number the same changes count again.
  assert.deepEqual(await counts.settle(tenantId, { ...batch, number: 2 }), [[12, 17]]);
});

test(
  "what the ledger's sum holds is not counted again when it arrives late, and what it does not hold is",
  NEVER,
  async (t) => {
    const url = requireRedis(t);
    if (url === undefined) return;
    const { tenantId } = tenant();
    const counts = createRedisLimits({ url, limits: { deadlineMs: 20_000 }, onState: () => {}, onMiss: () => {} });
    later(t, () => counts.close());
    let number = 0;
    const booked = (bookedAt: number) =>
      counts.settle(tenantId, {
        process: "p",
        number: (number += 1),
        changes: [{ kind: "spend", key: "k", amount: 1, bookedAt }],
      });
    // Redis knows nothing of the window yet; the ledger was asked at 1000, and knew 50.
    for (const at of [998, 999, 1000, 1001]) await booked(at);
    const base = { spent: 50, before: 1000 };
    const entry = { kind: "money", key: "k", cap: 100, amount: 0, expiresAt: Date.now() + 60_000, base } as const;
    const lease = { id: "x", ttlMs: 1000, money: [], places: [] };
    assert.deepEqual((await counts.reserve(tenantId, lease, [entry]))?.states, [[52, 0]]);
    assert.deepEqual(await booked(999), [[52, 52]]);
    assert.deepEqual(await booked(1000), [[52, 53]]);
  },
);

test("a Redis that has lost its counts is told by the ledger what was spent", NEVER, async (t) => {
  const redis = await privateRedis(t);
  if (!redis) return;
  let ledger = 0;
  const services = { readSpent: () => Promise.resolve(ledger) };
  const one = replica(t, { url: redis.url, specs: SMALL, services });
  const { limits } = one;
  spend(await admit(limits, { worst: nanoDollars(0.2) }), nanoDollars(0.2));
  ledger = nanoDollars(0.2);
  await redis.stop();
  await one.until("down", 1);
  await redis.start();
  await one.until("up", 2);
  assert.equal(await codeOf(admit(limits, { worst: nanoDollars(0.11) })), "budget_exceeded");
  assert.equal(await codeOf(admit(limits, { worst: nanoDollars(0.1) })), "ok");
});

test("the ledger is asked once for a window, however many wait for what it says", NEVER, async (t) => {
  const url = requireRedis(t);
  if (url === undefined) return;
  let reads = 0;
  const answer = Promise.withResolvers<number>();
  const services = { readSpent: () => ((reads += 1), answer.promise) };
  const { limits } = replica(t, { url, specs: [{ name: "l", budget: { day: 1, outageShare: 0 } }], services });
  const who = caller(tenant());
  const asked = Array.from({ length: 20 }, () => codeOf(admit(limits, { worst: nanoDollars(0.1) }, who)));
  // All of them have been told by Redis that it does not know.
  await sleep(200);
  answer.resolve(nanoDollars(0.5));
  assert.equal(count(await Promise.all(asked), "ok"), 5);
  assert.equal(reads, 1);
});

test("what still runs when Redis loses its counts stays reserved, and is given back once", NEVER, async (t) => {
  const redis = await privateRedis(t);
  if (!redis) return;
  let ledger = 0;
  const one = replica(t, {
    url: redis.url,
    specs: SMALL,
    services: { readSpent: () => Promise.resolve(ledger) },
  });
  const demand = { worst: nanoDollars(0.1) };
  const running = await Promise.all([1, 2, 3].map(() => admit(one.limits, demand)));
  await redis.stop();
  await one.until("down", 1);
  await redis.start();
  await one.until("up", 2);
  const reserved = async (): Promise<string | undefined> => {
    const [key = ""] = /slipway:\S+/.exec(await askRedis(redis.url, "KEYS", "*:m:*")) ?? [];
    return /\r\n(-?\d+)/.exec(await askRedis(redis.url, "HGET", key, "r"))?.[1];
  };
  await holds(async () => (await reserved()) === String(nanoDollars(0.3)));
  assert.equal(await codeOf(admit(one.limits, demand)), "budget_exceeded");
  for (const each of running) spend(each, nanoDollars(0.05));
  ledger = nanoDollars(0.15);
  await holds(async () => (await reserved()) === "0");
  const codes = [await codeOf(admit(one.limits, demand)), await codeOf(admit(one.limits, demand))];
  assert.deepEqual(codes, ["ok", "budget_exceeded"]);
});

test(
  "while Redis is frozen each process keeps its part, and spends what it had set aside and no more; then all is counted once",
  NEVER,
  async (t) => {
    const redis = await privateRedis(t);
    if (!redis) return;
    const specs = [
      { name: "money", budget: { day: 100, outageShare: 0.3 } },
      { name: "rate", requestsPerMinute: 600, concurrency: 9 },
    ];
    const one = replica(t, { url: redis.url, specs, deadlineMs: 1000 });
    const worst = nanoDollars(1);
    await one.until("up", 1);
    spend(await admit(one.limits, { worst }), nanoDollars(1));
    // A third of the thirty dollars is this process's, and is reserved a moment later.
    const reserved = async (): Promise<number> => {
      const keys = await askRedis(redis.url, "KEYS", "*:m:*");
      const [key = ""] = /slipway:\S+/.exec(keys) ?? [];
      return Number(/\$\d+\r\n(\d+)/.exec(await askRedis(redis.url, "HGET", key, "r"))?.[1]);
    };
    await holds(async () => (await reserved()) === nanoDollars(10));
    redis.freeze();
    const codes: string[] = [];
    for (let n = 0; n < 30; n += 1) {
      const reservation = await admit(one.limits, { worst }).catch((error: { code: string }) => error.code);
      codes.push(typeof reservation === "string" ? reservation : "ok");
      if (typeof reservation !== "string") spend(reservation, nanoDollars(1));
    }
    assert.equal(count(codes, "ok"), 10, codes.join());
    assert.equal(count(codes, "limits_unavailable"), 20);
    const places = await Promise.all(Array.from({ length: 9 }, () => codeOf(admit(one.limits, {}))));
    assert.equal(count(places, "ok"), 3);
    redis.thaw();
    await one.until("up", 2);
    const spent = async (): Promise<number> => {
      const keys = await askRedis(redis.url, "KEYS", "*:m:*");
      const [key = ""] = /slipway:\S+/.exec(keys) ?? [];
      return Number(/\$\d+\r\n(\d+)/.exec(await askRedis(redis.url, "HGET", key, "s"))?.[1]);
    };
    await holds(async () => (await spent()) === nanoDollars(11));
    assert.deepEqual(one.states, ["up", "down", "up"]);
  },
);

test(
  "a Redis that is slower than its deadline is passed over, and no request waits for longer than that",
  NEVER,
  async (t) => {
    const redis = await privateRedis(t);
    if (!redis) return;
    let delay = 0;
    const url = await slowWay(t, redis.url, () => delay);
    const one = replica(t, { url, specs: [{ name: "l", requestsPerMinute: 6000 }], deadlineMs: 250 });
    await one.until("up", 1);
    (await admit(one.limits)).settle();
    delay = 60_000;
    const waits: number[] = [];
    for (let n = 0; n < 20; n += 1) {
      const began = performance.now();
      (await admit(one.limits)).settle();
      waits.push(performance.now() - began);
    }
    assert.deepEqual(one.states, ["up", "down"]);
    // Three failures in a row are waited for; the others are not.
    assert.equal(count(one.misses, "deadline"), 3, one.misses.join());
    assert.ok(Math.max(...waits) < 30_000, waits.join());
  },
);
