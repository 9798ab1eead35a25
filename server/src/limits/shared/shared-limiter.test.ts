import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { NO_USAGE } from "@slipway/contracts/model/usage.ts";
import * as fc from "fast-check";
import { createLimiter, type Lease, type Limiter, type LimitSettings } from "../limiter.ts";
import { type Broker, createBroker } from "./broker.ts";
import type { ToBroker, ToWorker } from "./messages.ts";
import { createSharedLimiter } from "./shared-limiter.ts";

const KEY = { tenantId: "t", keyId: "k" };
const KEYS = [KEY, { tenantId: "t", keyId: "other" }];

/** A clock that is moved by hand, with what is to happen at its times; equal times in the order of their making. */
class Clock {
  now = 0;
  #entries: { at: number; run: () => void }[] = [];

  readonly later = (ms: number, run: () => void): (() => void) => {
    const entry = { at: this.now + ms, run };
    this.#entries.push(entry);
    return () => (this.#entries = this.#entries.filter((other) => other !== entry));
  };

  /** Moves on; promises get their turn after each thing that happens. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      const due = this.#entries.filter(({ at }) => at <= end);
      const [first] = due;
      if (!first) break;
      const next = due.reduce((least, entry) => (entry.at < least.at ? entry : least), first);
      this.#entries = this.#entries.filter((entry) => entry !== next);
      this.now = next.at;
      next.run();
      await settled();
    }
    this.now = end;
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

interface Cluster {
  readonly clock: Clock;
  readonly limiters: Limiter[];
  readonly broker: Broker;
  /** Messages that workers have sent. */
  readonly sent: () => number;
  /** From now on this worker neither hears nor says anything. */
  readonly freeze: (worker: number) => void;
}

/** Workers and a broker whose messages take up to `delayMs` each, in order on each way. */
function cluster(limits: LimitSettings, workers: number, delay: () => number = () => 1): Cluster {
  const clock = new Clock();
  let sent = 0;
  const frozen = new Set<number>();
  const handlers: ((message: ToWorker) => void)[] = [];
  const lastAt = new Map<string, number>();
  const post = (way: string, run: () => void): void => {
    const at = Math.max(clock.now + delay(), lastAt.get(way) ?? 0);
    lastAt.set(way, at);
    clock.later(at - clock.now, run);
  };
  const broker = createBroker({
    limits,
    workers,
    now: () => clock.now,
    later: clock.later,
    send: (worker, message) =>
      post(`to ${worker}`, () => {
        if (!frozen.has(worker)) handlers[worker]?.(message);
      }),
  });
  const limiters = Array.from({ length: workers }, (_, worker) =>
    createSharedLimiter({
      limits,
      now: () => clock.now,
      later: clock.later,
      line: {
        receive: (handler) => void (handlers[worker] = handler),
        send: (message: ToBroker) => {
          sent += 1;
          post(`from ${worker}`, () => {
            if (!frozen.has(worker)) broker.message(worker, message);
          });
        },
      },
    }),
  );
  return { clock, limiters, broker, sent: () => sent, freeze: (worker) => void frozen.add(worker) };
}

type Outcome = { readonly lease?: Lease; readonly error?: SlipwayError };

/** Asks for a place; the outcome is there once the clock has moved on far enough. */
function ask(limiter: Limiter | undefined, key = KEY): Outcome {
  const outcome: { lease?: Lease; error?: SlipwayError } = {};
  const failed = (error: unknown): void => {
    assert.ok(error instanceof SlipwayError);
    outcome.error = error;
  };
  try {
    const admitted = limiter?.admit(key);
    if (admitted instanceof Promise) admitted.then((lease) => (outcome.lease = lease), failed);
    else if (admitted) outcome.lease = admitted;
  } catch (error) {
    failed(error);
  }
  return outcome;
}

const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("ask" as const), worker: fc.nat(3), key: fc.nat(1) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("settle" as const), which: fc.nat(100) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(60) }) },
);

/** Plays asks and ends over four workers, and answers the most that ran at once: of all, and of one key. */
async function play(
  world: { readonly clock: Clock; readonly limiters: readonly Limiter[] },
  actions: readonly (typeof action extends fc.Arbitrary<infer Action> ? Action : never)[],
): Promise<{ all: number; key: number }> {
  const running: { outcome: Outcome; key: number }[] = [];
  const most = { all: 0, key: 0 };
  const look = (): void => {
    const live = running.filter(({ outcome }) => outcome.lease);
    most.all = Math.max(most.all, live.length);
    for (const key of [0, 1]) most.key = Math.max(most.key, live.filter((one) => one.key === key).length);
  };
  for (const step of actions) {
    if (step.kind === "ask") running.push({ outcome: ask(world.limiters[step.worker], KEYS[step.key]), key: step.key });
    else if (step.kind === "wait") await world.clock.advance(step.ms);
    else {
      const live = running.filter(({ outcome }) => outcome.lease);
      const one = live[step.which % Math.max(1, live.length)];
      one?.outcome.lease?.settle(NO_USAGE);
      if (one) running.splice(running.indexOf(one), 1);
    }
    look();
  }
  await world.clock.advance(2000);
  look();
  return most;
}

const actions = fc.array(action, { minLength: 10, maxLength: 80 });

test("however asks and ends fall, no more run at once than the limits say", async () => {
  await fc.assert(
    fc.asyncProperty(
      actions,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 5 }),
      fc.gen(),
      async (steps, all, key, gen) => {
        const limits = { concurrency: all, concurrencyPerKey: key, requestsPerMinute: 0 };
        const most = await play(
          cluster(limits, 4, () => gen(fc.nat, 30)),
          steps,
        );
        assert.ok(most.all <= all && most.key <= key, JSON.stringify(most));
      },
    ),
    { numRuns: 150 },
  );
});

test("control: four limiters that know nothing of each other pass the same limits, and the property above sees it", async () => {
  const limits = { concurrency: 4, concurrencyPerKey: 2, requestsPerMinute: 0 };
  await assert.rejects(
    fc.assert(
      fc.asyncProperty(actions, async (steps) => {
        const clock = new Clock();
        const limiters = Array.from({ length: 4 }, () => createLimiter(limits, () => clock.now));
        const most = await play({ clock, limiters }, steps);
        assert.ok(most.all <= 4 && most.key <= 2);
      }),
    ),
  );
});

test("every place can be had by one worker alone, wherever it lay idle before", async () => {
  const limits = { concurrency: 100, concurrencyPerKey: 10, requestsPerMinute: 0 };
  const { clock, limiters } = cluster(limits, 4);
  const first = limiters.map((limiter) => ask(limiter));
  await clock.advance(50);
  for (const { lease } of first) (lease ?? assert.fail("was refused")).settle(NO_USAGE);
  const all = Array.from({ length: 11 }, () => ask(limiters[3]));
  await clock.advance(500);
  assert.equal(all.filter(({ lease }) => lease).length, 10);
  assert.deepEqual(
    all.flatMap(({ error }) => error?.code ?? []),
    ["concurrency_exceeded"],
  );
});

test("requests that fit into what was granted ask nobody, and one that hammers a full limit asks seldom", async () => {
  const limits = { concurrency: 1000, concurrencyPerKey: 1000, requestsPerMinute: 600_000 };
  const { clock, limiters, sent } = cluster(limits, 4);
  for (let count = 0; count < 500; count += 1) {
    const outcome = ask(limiters[0]);
    await clock.advance(3);
    (outcome.lease ?? assert.fail("was refused")).settle(NO_USAGE);
  }
  assert.ok(sent() <= 8, `${sent()} messages for 500 requests`);
  const full = cluster({ ...limits, concurrencyPerKey: 1, requestsPerMinute: 0 }, 2);
  ask(full.limiters[0]);
  await full.clock.advance(10);
  const before = full.sent();
  for (let count = 0; count < 1000; count += 1) {
    ask(full.limiters[1]);
    await full.clock.advance(1);
  }
  assert.ok(full.sent() - before < 150, `${full.sent() - before} messages for 1000 refused requests`);
});

test("a worker that is frozen keeps what it has; the others go on, and get the rest when it has ended", async () => {
  const { clock, limiters, broker, freeze } = cluster(
    { concurrency: 100, concurrencyPerKey: 4, requestsPerMinute: 0 },
    2,
  );
  const held = [ask(limiters[0]), ask(limiters[0])];
  await clock.advance(10);
  assert.ok(held.every(({ lease }) => lease));
  freeze(0);
  const others = Array.from({ length: 4 }, () => ask(limiters[1]));
  await clock.advance(500);
  assert.equal(others.filter(({ lease }) => lease).length, 2);
  broker.gone(0);
  const more = [ask(limiters[1]), ask(limiters[1])];
  await clock.advance(500);
  assert.ok(more.every(({ lease }) => lease));
});

test("when the broker does not answer, requests are refused in time with `overloaded`", async () => {
  const { clock, limiters, freeze } = cluster({ concurrency: 9, concurrencyPerKey: 9, requestsPerMinute: 0 }, 1);
  freeze(0);
  const outcome = ask(limiters[0]);
  await clock.advance(1000);
  assert.equal(outcome.error?.code, "overloaded");
});

/** The times at which requests of one key started, asked for after these waits of these workers; each runs for so long. */
async function starts(
  world: Pick<Cluster, "clock" | "limiters">,
  asks: readonly (readonly [waitMs: number, worker: number])[],
  runMs = 0,
): Promise<number[]> {
  const times: number[] = [];
  const started = (lease: Lease): void => {
    times.push(world.clock.now);
    world.clock.later(runMs, () => lease.settle(NO_USAGE));
  };
  for (const [wait, worker] of asks) {
    await world.clock.advance(wait);
    try {
      const admitted = world.limiters[worker]?.admit(KEY);
      if (admitted instanceof Promise) admitted.then(started, () => {});
      else if (admitted) started(admitted);
    } catch {
      // Refused at once.
    }
  }
  await world.clock.advance(2000);
  return times;
}

/** The most by which the starts of any span pass what rate and burst allow in it; at most 0 is right. */
function excess(times: readonly number[], requestsPerMinute: number, slackMs: number): number {
  const burst = Math.max(1, Math.floor(requestsPerMinute / 10));
  let most = -Infinity;
  times.forEach((from, first) => {
    times.slice(first).forEach((to, more) => {
      most = Math.max(most, more + 1 - burst - ((to - from + slackMs) * requestsPerMinute) / 60_000 - 1e-6);
    });
  });
  return most;
}

const rates = fc.constantFrom(1, 30, 60, 300, 600, 1200, 6000);
const places = fc.constantFrom(1, 2, 1e6);
// Bursts, a little later, and after a while in which much can be kept.
const waits = fc.oneof(
  { weight: 20, arbitrary: fc.constant(0) },
  { weight: 5, arbitrary: fc.nat(40) },
  { weight: 1, arbitrary: fc.integer({ min: 700, max: 1100 }) },
);
const asked = fc.array(fc.tuple(waits, fc.nat(3)), { minLength: 20, maxLength: 300, size: "max" });

test("over any time no key starts more than its rate and burst allow, in all workers together", async () => {
  await fc.assert(
    fc.asyncProperty(rates, places, fc.nat(20), asked, async (rate, concurrencyPerKey, runMs, asks) => {
      const limits = { concurrency: 1e6, concurrencyPerKey, requestsPerMinute: rate };
      const times = await starts(cluster(limits, 4), asks, runMs);
      // A permit that somebody waits for is used as much later as a message takes: here 1 ms.
      assert.ok(excess(times, rate, 1) <= 0, String(times));
      assert.ok(times.length > 0);
    }),
    { numRuns: 100 },
  );
});

test("permits that workers keep do not stand beside a whole burst", async () => {
  const limits = { concurrency: 1e6, concurrencyPerKey: 1e6, requestsPerMinute: 600 };
  const early = [0, 1, 2, 3].map((worker) => [0, worker] as const);
  const burst = Array.from({ length: 200 }, (_, at) => [at === 0 ? 900 : 0, at % 4] as const);
  const times = await starts(cluster(limits, 4), [...early, ...burst]);
  assert.ok(times.length >= 50, String(times.length));
  assert.ok(excess(times, 600, 1) <= 0, `${excess(times, 600, 1)} too many`);
});

test("a permit whose request found no place is not kept where the rate is slow", async () => {
  const world = cluster({ concurrency: 9, concurrencyPerKey: 1, requestsPerMinute: 60 }, 2);
  const first = ask(world.limiters[0]);
  await world.clock.advance(10);
  first.lease?.settle(NO_USAGE);
  // The second worker's ask calls in the place that the first has; so the first is given a permit and has no place.
  const second = ask(world.limiters[1]);
  const third = ask(world.limiters[0]);
  await world.clock.advance(100);
  second.lease?.settle(NO_USAGE);
  assert.equal(third.error?.code, "concurrency_exceeded");
  await world.clock.advance(20_000);
  const times = await starts(
    world,
    Array.from({ length: 40 }, (_, at) => [10, at < 20 ? 1 : 0] as const),
  );
  assert.equal(times.length, 6);
});

test("control: four limiters that know nothing of each other start too many", async () => {
  const clock = new Clock();
  const limits = { concurrency: 1e6, concurrencyPerKey: 1e6, requestsPerMinute: 60 };
  const limiters = Array.from({ length: 4 }, () => createLimiter(limits, () => clock.now));
  const times = await starts(
    { clock, limiters },
    Array.from({ length: 100 }, (_, at) => [1, at % 4] as const),
  );
  assert.ok(excess(times, 60, 1) > 0);
});

test("a key that comes at its rate is let in, on every worker", async () => {
  const limits = { concurrency: 1e6, concurrencyPerKey: 1e6, requestsPerMinute: 600 };
  const times = await starts(
    cluster(limits, 4),
    Array.from({ length: 100 }, (_, at) => [100, at % 4] as const),
  );
  assert.equal(times.length, 100);
});
