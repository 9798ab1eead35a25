import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type Bill, type BillingUpstream, startBillingUpstream } from "./support/billing-upstream.ts";
import { createDatabase } from "./support/postgres.ts";
import { requirePostgres } from "./support/require.ts";
import { type RunningServer, startServer } from "./support/server.ts";

const MODELS = ["gpt-5-mini", "claude-haiku-4-5", "gemini-2.5-flash"] as const;
const AT_ONCE = 40;
const MAIN = resolve(import.meta.dirname, "../server/src/main.ts");
const ENCRYPTION_KEY = "an-encryption-key-for-tests-only-0123";

/** A line of the ledger, as far as it is looked at here. */
interface Line {
  readonly asked: number;
  readonly provider: string;
  readonly outcome: string;
  readonly source: string;
  readonly input: number;
  readonly output: number;
  readonly cost: number | null;
}

interface Stage {
  readonly server: RunningServer;
  readonly upstream: BillingUpstream;
  lines(): Promise<Line[]>;
}

async function setStage(t: TestContext, env: Readonly<Record<string, string>>): Promise<Stage | undefined> {
  const superuser = requirePostgres(t);
  if (superuser === undefined) return undefined;
  const database = await createDatabase(superuser);
  // The server's login owns nothing, so the migrations run before it, as their owner.
  const migrated = spawnSync(process.execPath, [MAIN, "migrate", "--grant-to", database.login], {
    env: { PATH: process.env["PATH"], ENCRYPTION_KEY, MIGRATION_DATABASE_URL: database.adminUrl },
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(migrated.status, 0, migrated.stdout + migrated.stderr);
  const upstream = await startBillingUpstream();
  const server = await startServer({
    env: {
      DATABASE_URL: database.url,
      MIGRATE_AT_START: "false",
      ENCRYPTION_KEY,
      OPENAI_API_KEY: "sk-test",
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      ANTHROPIC_API_KEY: "sk-test",
      ANTHROPIC_BASE_URL: upstream.url,
      GEMINI_API_KEY: "test",
      GEMINI_BASE_URL: upstream.url,
      // Room for those that run and those that have just left: places that are not given back are missed soon.
      MAX_CONCURRENCY: String(2 * AT_ONCE + 20),
      ...env,
    },
  });
  const client = new pg.Client({ connectionString: database.adminUrl });
  await client.connect();
  t.after(async () => {
    await client.end();
    await server.stop();
    await upstream.close();
    await database.drop();
  });
  return {
    server,
    upstream,
    async lines() {
      const { rows } = await client.query<Line>(`select request_id::int as asked, provider, outcome, source,
        input_tokens::int as input, (output_tokens + reasoning_tokens)::int as output, cost_pico::float8 as cost
        from slipway.usage_ledger`);
      return rows;
    },
  };
}

/** Asks, reads a piece of the answer, and leaves. */
async function askAndLeave({ server, upstream }: Stage, asked: number): Promise<void> {
  const leaving = new AbortController();
  const burst = 60 + ((asked * 37) % 200);
  const padding = "Tell me of the harbour, the ships and the men who built them. ".repeat(1 + (asked % 7));
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "x-api-key": server.apiKey, "content-type": "application/json", "x-request-id": String(asked) },
    body: JSON.stringify({
      model: MODELS[asked % MODELS.length],
      stream: true,
      messages: [{ role: "user", content: `case ${asked}. burst ${burst}. ${padding}` }],
    }),
    signal: leaving.signal,
  });
  assert.equal(response.status, 200, await (response.status === 200 ? "" : response.text()));
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  let read = "";
  const decoder = new TextDecoder();
  // Until all of the burst is there: what is on its way when the client leaves would be the upstream's truth and nobody's count.
  while (read.split('"content"').length <= burst) {
    const piece = await reader?.read();
    assert.ok(piece?.value, "the stream ended before the client left it");
    read += decoder.decode(piece.value, { stream: true });
  }
  leaving.abort();
  upstream.finish(asked);
}

async function leaveAll(stage: Stage, count: number): Promise<void> {
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await askAndLeave(stage, next);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
}

async function metric({ server }: Stage, name: string): Promise<number> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (.+)$`, "m").exec(metrics)?.[1]);
}

async function eventually(check: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await check()) return;
    await sleep(100);
  }
  throw new Error(`did not come to pass: ${what}`);
}

/** By how much the ledger is off the upstream's bills, as a share of these. */
function offBy(
  lines: readonly Line[],
  bills: ReadonlyMap<number, Bill>,
): { readonly input: number; readonly output: number } {
  const sum = (items: Iterable<Bill>, field: keyof Bill): number => {
    let total = 0;
    for (const item of items) total += item[field];
    return total;
  };
  const off = (field: keyof Bill): number => {
    const truth = sum(bills.values(), field);
    return Math.abs(sum(lines, field) - truth) / truth;
  };
  return { input: off("input"), output: off("output") };
}

test("a thousand clients leave in the middle of a stream: every one is charged, within 2 % of what the upstream bills, and no place is lost", async (t) => {
  const stage = await setStage(t, {});
  if (!stage) return;
  const { upstream } = stage;
  await leaveAll(stage, 1_000);
  await eventually(async () => (await stage.lines()).length >= 1_000, "a line for every call");
  const lines = await stage.lines();
  assert.equal(new Set(lines.map(({ asked }) => asked)).size, 1_000, "one line for each, and no second one");
  assert.equal(lines.length, 1_000);
  for (const { provider, source, outcome, cost, input, output, asked } of lines) {
    assert.ok(cost !== null && cost > 0 && input > 0 && output > 0, `case ${asked} has been charged`);
    if (provider === "google") {
      // Gemini bills to the end, and all of it has been read. One that ended before the server saw its client leave is whole.
      assert.ok(source === "drained" || (source === "provider" && outcome === "ok"), `${source} ${outcome}`);
      assert.deepEqual({ input, output }, upstream.bills.get(asked));
    } else assert.deepEqual([source, outcome], ["estimated", "aborted"]);
  }
  const drained = lines.filter(({ source }) => source === "drained").length;
  t.diagnostic(`${drained} read on to their end`);
  assert.ok(drained > 100, `${drained} were read on`);
  for (const provider of ["openai", "anthropic", "google"]) {
    const own = lines.filter((line) => line.provider === provider);
    const asked = new Set(own.map((line) => line.asked));
    const bills = new Map([...upstream.bills].filter(([each]) => asked.has(each)));
    const off = offBy(own, bills);
    t.diagnostic(
      `${provider}: input off by ${(100 * off.input).toFixed(2)} %, output by ${(100 * off.output).toFixed(2)} %`,
    );
    assert.ok(off.input <= 0.02 && off.output <= 0.02, `${provider} ${JSON.stringify(off)}`);
  }
  await eventually(async () => (await metric(stage, "slipway_in_flight_requests")) === 0, "every place is free");
  await eventually(async () => (await metric(stage, "slipway_disconnected_calls_running")) === 0, "nothing is read on");
  // The control: without the lines that only estimates and reading on have made, nothing would be charged at all.
  assert.ok(
    offBy(
      lines.filter(({ source }) => source === "drained"),
      upstream.bills,
    ).output > 0.02,
  );
  assert.ok(
    offBy(
      lines.filter(({ source }) => source === "estimated"),
      upstream.bills,
    ).output > 0.02,
  );

  const usage = await fetch(`${stage.server.url}/api/v1/usage?by=provider,model`, {
    headers: { "x-api-key": stage.server.apiKey },
  });
  const report = (await usage.json()) as { total: Record<string, number>; groups: Record<string, unknown>[] };
  assert.equal(report.total["calls"], 1_000);
  assert.equal(report.total["unpriced"], 0);
  const cost = lines.reduce((sum, line) => sum + (line.cost ?? 0), 0);
  assert.equal(report.total["costMicros"], Math.round(cost / 1e6));
  assert.equal(report.groups.length, 3);
});

test("control: with reading on switched off, what a vendor bills to the end is missed by far more than 2 %", async (t) => {
  const stage = await setStage(t, { DISCONNECT_READ_SECONDS: "0" });
  if (!stage) return;
  await leaveAll(stage, 120);
  await eventually(async () => (await stage.lines()).length >= 120, "a line for every call");
  const own = (await stage.lines()).filter(({ source, provider }) => provider === "google" && source === "estimated");
  assert.ok(own.length > 0);
  const bills = new Map([...stage.upstream.bills].filter(([asked]) => own.some((line) => line.asked === asked)));
  // Its bill is written to the end only when it goes on, whoever reads.
  await eventually(
    () => Promise.resolve([...bills.values()].every(({ output }) => output === 400)),
    "all is generated",
  );
  assert.ok(offBy(own, bills).output > 0.2, JSON.stringify(offBy(own, bills)));
});

test("a server that is stopped books what is read on: what ends in the drain time by its figures, the rest by an estimate", async (t) => {
  const stage = await setStage(t, { DRAIN_TIMEOUT_SECONDS: "10" });
  if (!stage) return;
  const { server, upstream } = stage;
  const held: Stage = { ...stage, upstream: { ...upstream, finish: () => {} } };
  // Numbers whose remainder by three is 2 ask Gemini.
  await Promise.all([2, 5, 8].map((asked) => askAndLeave(held, asked)));
  await eventually(async () => (await metric(stage, "slipway_disconnected_calls_running")) === 3, "three are read on");
  const ended = server.stop();
  upstream.finish(2);
  await ended;
  const lines = (await stage.lines()).toSorted((a, b) => a.asked - b.asked);
  assert.deepEqual(
    lines.map(({ asked, source, outcome }) => [asked, source, outcome]),
    [
      [2, "drained", "aborted"],
      [5, "estimated", "aborted"],
      [8, "estimated", "aborted"],
    ],
  );
  assert.ok(lines.every(({ cost }) => cost !== null && cost > 0));
});
