import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ask,
  type Asked,
  chat,
  childrenOf,
  readyCount,
  startWorkers,
  until,
  workersThatServed,
} from "./support/workers.ts";
import type { RunningServer } from "./support/server.ts";

const CAP = 10;
const ASKED = 60;

/** Asks again while the server is too busy to take anything in, which is no word of its limits. */
async function chatUnlessBusy(server: RunningServer, words: number, stream: boolean): Promise<Asked> {
  for (;;) {
    const asked = await chat(server, words, stream);
    if (asked.status !== 503) return asked;
    assert.match(await asked.text(), /"code":"overloaded"/);
  }
}

/** Asks for streams that outlast the asking, one server after the other, and answers those that were let in. */
async function openStreams(servers: readonly RunningServer[]): Promise<Asked[]> {
  const asked = await Promise.all(
    Array.from({ length: ASKED }, (_, at) => chatUnlessBusy(servers[at % servers.length] ?? assert.fail(), 50, true)),
  );
  for (const { status } of asked) assert.ok(status === 200 || status === 429, String(status));
  return asked.filter(({ status }) => status === 200);
}

/** Takes every place, as soon as it is free again, and never one more. */
async function takeAll(server: RunningServer): Promise<void> {
  let taken: Asked[] = [];
  await until("all places are free again", async () => {
    taken = [...taken, ...(await openStreams([server]))];
    assert.ok(taken.length <= CAP, `${taken.length} of ${CAP}`);
    return taken.length === CAP;
  });
  for (const stream of taken) stream.leave();
}

const SLOW = { MOCK_TOKEN_DELAY_MS: "200", DRAIN_TIMEOUT_SECONDS: "0" };

for (const limit of ["MAX_CONCURRENCY_PER_KEY", "MAX_CONCURRENCY"]) {
  test(`${limit} is that of all four workers together, and all of it can be used`, async (t) => {
    const [server] = (await startWorkers(t, { workers: 4, env: { ...SLOW, [limit]: String(CAP) } })) ?? [];
    if (!server) return;
    const first = await openStreams([server]);
    assert.equal(first.length, CAP);
    for (const stream of first) stream.leave();
    // The places come back from wherever they were, to whoever asks.
    await takeAll(server);
    await until("the access log names them", () => workersThatServed(server).size === 4);
  });
}

test("control: two servers that know nothing of each other let in twice as many, and the count above sees it", async (t) => {
  const servers = await startWorkers(t, {
    workers: 1,
    servers: 2,
    env: { ...SLOW, MAX_CONCURRENCY_PER_KEY: String(CAP) },
  });
  if (!servers) return;
  const streams = await openStreams(servers);
  assert.equal(streams.length, 2 * CAP);
  for (const stream of streams) stream.leave();
});

test("places of a worker that is killed are free again", async (t) => {
  const env = { ...SLOW, MAX_CONCURRENCY_PER_KEY: String(CAP) };
  const [server] = (await startWorkers(t, { workers: 2, env })) ?? [];
  if (!server) return;
  const first = await openStreams([server]);
  assert.equal(first.length, CAP);
  const [victim = 0] = await childrenOf(server.pid);
  process.kill(victim, "SIGKILL");
  for (const stream of first) stream.leave();
  await until("a new worker is ready", () => readyCount(server) === 3);
  await takeAll(server);
});

/** How many of these requests were let in, and the whole seconds that asking took, rounded up. */
async function startsOf(servers: readonly RunningServer[]): Promise<{ started: number; seconds: number }> {
  const begin = performance.now();
  const asked = await Promise.all(
    Array.from({ length: ASKED }, (_, at) => chatUnlessBusy(servers[at % servers.length] ?? assert.fail(), 1, false)),
  );
  const started = asked.filter(({ status }) => status === 200).length;
  assert.equal(asked.filter(({ status }) => status === 429).length, ASKED - started);
  return { started, seconds: Math.ceil((performance.now() - begin) / 1000) };
}

test("RATE_LIMIT_PER_MINUTE is that of all four workers together", async (t) => {
  const [server] = (await startWorkers(t, { workers: 4, env: { RATE_LIMIT_PER_MINUTE: "60" } })) ?? [];
  if (!server) return;
  // A tenth at once, and one more a second.
  const { started, seconds } = await startsOf([server]);
  assert.ok(started >= 6 && started <= 6 + seconds, `${started} in ${seconds} s`);
});

test("control: two servers that know nothing of each other start twice as many", async (t) => {
  const servers = await startWorkers(t, { workers: 1, servers: 2, env: { RATE_LIMIT_PER_MINUTE: "60" } });
  if (!servers) return;
  const { started } = await startsOf(servers);
  assert.ok(started >= 12, String(started));
});

const COUNTER = /^slipway_http_requests_total\{route="\/v1\/chat\/completions",status="200"\} (\d+)$/m;

async function metricsOf(server: RunningServer): Promise<string> {
  return await (await ask(server, "/metrics")).text();
}

async function countOf(server: RunningServer): Promise<number> {
  return Number(COUNTER.exec(await metricsOf(server))?.[1] ?? 0);
}

test("/metrics is the sum over the workers, whichever is asked; what one that is frozen or killed counted stays in it", async (t) => {
  const [server] = (await startWorkers(t, { workers: 4 })) ?? [];
  if (!server) return;
  await Promise.all(Array.from({ length: 40 }, async () => (await chat(server, 1, false)).text()));
  await until("every answer is counted", async () => (await countOf(server)) === 40);
  const counts = await Promise.all(Array.from({ length: 16 }, () => countOf(server)));
  assert.deepEqual(new Set(counts), new Set([40]));
  let text = "";
  await until("none is silent", async () => /^slipway_workers_counted 4$/m.test((text = await metricsOf(server))));
  assert.match(text, /^slipway_http_request_duration_seconds_count\{route="\/v1\/chat\/completions"\} 40$/m);
  assert.equal(text.match(/^# TYPE slipway_http_requests_total /gm)?.length, 1);
  const [victim = 0] = await childrenOf(server.pid);
  process.kill(victim, "SIGSTOP");
  let answered = "";
  await until("only the frozen one is silent", async () => {
    // One connection may be on its way to the frozen one: of a few, the first that is answered counts.
    answered = await Promise.any(Array.from({ length: 4 }, () => metricsOf(server)));
    return /^slipway_workers_counted 3$/m.test(answered);
  });
  assert.match(answered, /^slipway_workers_silent 1$/m);
  assert.equal(Number(COUNTER.exec(answered)?.[1]), 40);
  process.kill(victim, "SIGKILL");
  await until("a new worker counts", async () =>
    /^slipway_workers_counted 4$/m.test(await metricsOf(server).catch(() => "")),
  );
  assert.equal(await countOf(server), 40);
});

test("control: a server that knows nothing of the other tells its own figures only", async (t) => {
  const servers = await startWorkers(t, { workers: 1, servers: 2 });
  if (!servers) return;
  const [one, two] = servers;
  assert.ok(one && two);
  await Promise.all(Array.from({ length: 10 }, async () => (await chat(one, 1, false)).text()));
  await until("every answer is counted", async () => (await countOf(one)) === 10);
  assert.equal(await countOf(two), 0);
});
