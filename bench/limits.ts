import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { makeRedis, openWay, type PrivateRedis, type RedisWay } from "../server/src/store/testing/private-redis.ts";
import pg from "pg";
import { MOST_TOKENS, startPricedUpstream } from "../test/support/priced-upstream.ts";
import { askRedis } from "../test/support/redis.ts";
import { type RunningServer, startServer } from "../test/support/server.ts";
import { migrate, productionEnvironment } from "./candidates/slipway.ts";
import { positive, say } from "./lib/arguments.ts";
import { machine } from "./lib/cores.ts";
import { openDatabase } from "./lib/database.ts";
import { type Paced, pacedLoad, shoot } from "./lib/paced-load.ts";
import { table } from "./lib/table.ts";

/*
 * What becomes of limits and budgets of three servers while Redis refuses connections, is frozen, and is slow, under load.
 *
 *   ./slipway bench limits [--seconds N] [--json]
 *
 * Two models are asked at a steady pace: one within its limits, of which no request may fail, and one at twice its requests a minute,
 * of which no more may be let in than the limit allows. At the end what Redis has counted as spent is held against the ledger.
 */

const SERVERS = 3;
const LIMIT = 600;
const API_KEY = "a-key-of-the-bench-of-limits";
const bodyFor = (model: string): string =>
  JSON.stringify({ model, max_tokens: MOST_TOKENS, messages: [{ role: "user", content: "hello" }] });
const CALM = { body: bodyFor("calm"), perSecond: 40 };
const HARD = { body: bodyFor("hard"), perSecond: (LIMIT / 60) * 2 };
/** Later than any deadline. */
const SLOW_MS = 5_000;
const AT_ONCE = 25;
const BACK_TIMEOUT_MS = 60_000;
const SETTLE_TIMEOUT_MS = 30_000;
const FILE = `
limits:
  - { name: pace, match: { route: hard }, requestsPerMinute: ${LIMIT} }
  - { name: purse, match: { route: calm }, requestsPerMinute: 1000000, concurrency: 1000, budget: { day: 10000 } }
`;

/** One stretch of the run. */
type Phase = {
  name: string;
  calm: Paced;
  hard: Paced;
  /** What the limit allows from the end of the stretch before to the end of this one. */
  allowed: number;
  /** Let in over that, in percent. */
  over: number;
};

/** What `--json` prints. */
type LimitsReport = {
  machine: string;
  seconds: number;
  phases: Phase[];
  /** Dollars by Redis and by the ledger. */
  spent: { redis: number; ledger: number; upstream: number };
  /** Changes of state that each server has told. */
  changes: number[];
};

const BACK = "limits are kept with the other replicas";
const AWAY = "each process keeps its part";

const told = (server: RunningServer, words: string): number => server.output().split(words).length - 1;

async function untilAll(servers: readonly RunningServer[], words: string, times: number): Promise<void> {
  const until = performance.now() + BACK_TIMEOUT_MS;
  while (servers.some((server) => told(server, words) < times)) {
    if (performance.now() > until) throw new Error(`not told by every server: ${words}\n${servers[0]?.output()}`);
    await sleep(50);
  }
}

/** Spoils Redis and mends it. */
type Fault = { name: string; begin(): void | Promise<void>; end(): void | Promise<void> };

function faultsOf(redis: PrivateRedis, way: RedisWay, setDelay: (ms: number) => void): Fault[] {
  return [
    { name: "refused", begin: () => way.refuse(), end: () => way.admit() },
    { name: "frozen", begin: () => redis.freeze(), end: () => redis.thaw() },
    { name: "slow", begin: () => setDelay(SLOW_MS), end: () => setDelay(0) },
  ];
}

async function sums(databaseUrl: string, redisUrl: string): Promise<{ redis: number; ledger: number }> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const text = "select coalesce(sum(cost_pico), 0)::text as cost from slipway.usage_ledger where route = 'calm'";
  const { rows } = await client.query<{ cost: string }>(text);
  await client.end();
  const keys = await askRedis(redisUrl, "KEYS", "*:m:file:purse:*");
  const [key = ""] = /slipway:\S+/.exec(keys) ?? [];
  const spent = Number(/\$\d+\r\n(\d+)/.exec(await askRedis(redisUrl, "HGET", key, "s"))?.[1]);
  return { redis: spent / 1e9, ledger: Number(rows[0]?.cost) / 1e12 };
}

/** The sums when they agree, or as they are when they have not come to it in time. */
async function settledSums(adminUrl: string, redisUrl: string): Promise<{ redis: number; ledger: number }> {
  const end = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    await sleep(500);
    const spent = await sums(adminUrl, redisUrl);
    if (Math.abs(spent.redis - spent.ledger) < 1e-9 || performance.now() > end) return spent;
  }
}

/** Every phase, one after the other. */
async function runPhases(world: {
  readonly servers: readonly RunningServer[];
  readonly urls: readonly string[];
  readonly agent: Agent;
  readonly redis: PrivateRedis;
  readonly way: RedisWay;
  readonly seconds: number;
  readonly setDelay: (ms: number) => void;
}): Promise<Phase[]> {
  const { servers, urls, agent, redis, way, seconds, setDelay } = world;
  // What nobody asked for while a fault was mended may be asked for afterwards.
  let before = 0;
  const measure = async (name: string): Promise<Phase> => {
    const [calm, hard] = await pacedLoad(urls, [CALM, HARD], { seconds, apiKey: API_KEY, agent });
    if (calm === undefined || hard === undefined) throw new Error("no load");
    const allowed = ((LIMIT / 60) * (performance.now() - before)) / 1000;
    before = performance.now();
    const over = Math.round((hard.ok / allowed - 1) * 1000) / 10;
    say(`${name}: ${calm.failed + calm.refused} failed, p99 ${calm.p99Ms} ms, ${over} % over the limit`);
    return { name, calm, hard, allowed, over };
  };
  // The limit's minute is used up at once, so that what is let in from here on is what drains.
  for (let sent = 0; sent < LIMIT + 50; sent += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, at) => shoot(agent, urls[at % SERVERS] ?? "", API_KEY, HARD.body)),
    );
  }
  await pacedLoad(urls, [CALM], { seconds: 1, apiKey: API_KEY, agent });
  before = performance.now();
  const phases = [await measure("normal")];
  let times = 1;
  for (const fault of faultsOf(redis, way, setDelay)) {
    await fault.begin();
    phases.push(await measure(fault.name));
    await fault.end();
    times += 1;
    await untilAll(servers, BACK, times);
    phases.push(await measure(`after ${fault.name}`));
  }
  return phases;
}

async function run(seconds: number): Promise<LimitsReport> {
  const database = await openDatabase({ cores: undefined });
  if (database === undefined)
    throw new Error("There is no PostgreSQL: apt-get install postgresql, or set TEST_DATABASE_URL");
  const folder = await mkdtemp(join(tmpdir(), "slipway-bench-limits-"));
  const redis = await makeRedis();
  const upstream = await startPricedUpstream();
  const servers: RunningServer[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: 500 });
  let delay = 0;
  let way: RedisWay | undefined;
  try {
    await redis.start();
    way = await openWay(redis.url, () => delay);
    const file = join(folder, "slipway.yaml");
    await writeFile(file, FILE);
    const production = productionEnvironment(database, folder, 0, API_KEY);
    migrate(database, production);
    const env = {
      DATABASE_URL: database.url,
      ENCRYPTION_KEY: production["ENCRYPTION_KEY"] ?? "",
      MIGRATE_AT_START: "false",
      LOG_LEVEL: "info",
      ACCESS_LOG: "false",
      SLIPWAY_CONFIG: file,
      TEST_MODE: "false",
      OPENAI_COMPATIBLE_BASE_URL: upstream.url,
      PRICE_OVERRIDES: JSON.stringify({ "openai-compatible": { "*": { input: 0, output: 1000 } } }),
      API_KEY: API_KEY,
      REDIS_URL: way.url,
      REPLICAS: String(SERVERS),
    };
    servers.push(...(await Promise.all(Array.from({ length: SERVERS }, () => startServer({ env })))));
    const urls = servers.map(({ url }) => url);
    const phases = await runPhases({ servers, urls, agent, redis, way, seconds, setDelay: (ms) => (delay = ms) });
    const spent = await settledSums(database.adminUrl, redis.url);
    const changes = servers.map((server) => told(server, BACK) + told(server, AWAY));
    return { machine: machine(), seconds, phases, spent: { ...spent, upstream: upstream.tokens / 1000 }, changes };
  } finally {
    agent.destroy();
    await Promise.all(servers.map((server) => server.stop()));
    await way?.refuse().catch(() => {});
    await redis.stop();
    await upstream.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }
}

function reportText({ machine: on, seconds, phases, spent, changes }: LimitsReport): string {
  const normal = phases[0]?.calm.p99Ms ?? 0;
  const head = ["", "sent", "failed", "p50 ms", "p99 ms", "added p99 ms", "let in over the limit"];
  const lines = phases.map(({ name, calm, hard, over }) => [
    name,
    String(calm.sent + hard.sent),
    String(calm.failed + calm.refused + hard.failed),
    calm.p50Ms.toFixed(1),
    calm.p99Ms.toFixed(1),
    (calm.p99Ms - normal).toFixed(1),
    `${over} %`,
  ]);
  const sums = `Spent: ${spent.redis} by Redis, ${spent.ledger} by the ledger (US dollars).`;
  const states = `Changes of state told by each server: ${changes.join(", ")}.`;
  return [on, `${SERVERS} servers, ${seconds} s a phase`, "", table([head, ...lines]), "", sums, states, ""].join("\n");
}

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, seconds: { type: "string", default: "30" } },
});
const report = await run(positive("seconds", values.seconds));
process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : reportText(report));
