import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { parseVerifierKey } from "@slipway/contracts/audit/checkpoint.ts";
import { ExportVerifier } from "@slipway/contracts/audit/export.ts";
import { verifyEd25519 } from "../../server/src/keys/signing-key.ts";
import { type KillablePostgres, killablePostgres } from "./killable-postgres.ts";
import { createDatabase } from "./postgres.ts";
import { type RunningServer, startServer } from "./server.ts";

/*
 * Clients that note every answer that they were given whole, while the server or its PostgreSQL is killed again and again; then
 * what they noted is held against the audit log.
 */

const MAIN = resolve(import.meta.dirname, "../../server/src/main.ts");
const ENCRYPTION_KEY = "an-encryption-key-for-tests-only-0123";

/** What came of it. */
export interface KillFigures {
  readonly serverKills: number;
  readonly postgresKills: number;
  /** The least and the middle number of requests that were under way when something was killed. */
  readonly leastInFlight: number;
  readonly medianInFlight: number;
  readonly acknowledged: number;
  /** Acknowledged, and not in the log. */
  readonly lost: number;
  readonly records: number;
  /** Places of the log that are taken twice, or by nobody. */
  readonly wrongPlaces: number;
  /** What `slipway audit verify` would say: undefined when the export verifies to its last record. */
  readonly fault: string | undefined;
  readonly seconds: number;
}

export interface KillOptions {
  readonly serverKills: number;
  readonly postgresKills: number;
  /** Requests at once. */
  readonly clients: number;
  /** Milliseconds of work, at random between these, before each kill. */
  readonly between: readonly [least: number, most: number];
  /** Settings of PostgreSQL, `name=value`. */
  readonly settings?: readonly string[];
  /** No kill begins after so many seconds. */
  readonly seconds?: number;
  /** Told of each kill. */
  readonly onKill?: (count: number) => void;
}

/** A model's host that takes its time, so that many requests are under way. */
async function startUpstream(): Promise<{ readonly url: string; close(): void }> {
  const choices = [{ index: 0, message: { role: "assistant", content: "Ahoy." }, finish_reason: "stop" }];
  const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
  const whole = JSON.stringify({ id: "c", object: "chat.completion", created: 1, model: "m", choices, usage });
  const delta = [{ index: 0, delta: { role: "assistant", content: "Ahoy." }, finish_reason: "stop" }];
  const chunk = { id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: delta, usage };
  const server = createServer((req, res) => {
    let body = "";
    req.setEncoding("utf8").on("data", (text: string) => (body += text));
    req.on("end", () => {
      const stream = body.includes('"stream":true');
      setTimeout(
        () => {
          res.writeHead(200, { "content-type": stream ? "text/event-stream" : "application/json" });
          res.end(stream ? `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n` : whole);
        },
        200 + Math.random() * 400,
      );
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", 4096, done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Clients that each ask one thing after the other. */
class Clients {
  readonly acknowledged = new Set<string>();
  inFlight = 0;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  readonly #running: Promise<void>[];
  #server: Pick<RunningServer, "url" | "apiKey">;
  #asked = 0;
  #stopped = false;

  constructor(server: Pick<RunningServer, "url" | "apiKey">, count: number) {
    this.#server = server;
    this.#running = Array.from({ length: count }, () => this.#run());
  }

  /** Asks another server from now on. */
  turnTo(server: Pick<RunningServer, "url" | "apiKey">): void {
    this.#server = server;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
    this.#agent.destroy();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#asked += 1;
      const id = `kill-${this.#asked}`;
      this.inFlight += 1;
      const whole = await this.#ask(id, this.#asked % 2 === 0).catch(() => false);
      this.inFlight -= 1;
      if (whole) this.acknowledged.add(id);
      else await sleep(30);
    }
  }

  /** True when the answer came whole: a stream with its last event, another with its last byte. */
  #ask(id: string, stream: boolean): Promise<boolean> {
    const { url, apiKey } = this.#server;
    return new Promise((done, reject) => {
      const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json", "x-request-id": id };
      const asked = request(`${url}/v1/chat/completions`, { method: "POST", agent: this.#agent, headers }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        answer.on("end", () => done(answer.statusCode === 200 && (stream ? text.includes("[DONE]") : answer.complete)));
        answer.on("error", reject);
      });
      asked.setTimeout(20_000, () => asked.destroy(new Error("no answer")));
      asked.on("error", reject);
      const messages = [{ role: "user", content: "Hello." }];
      asked.end(JSON.stringify({ model: "gpt-5-mini", stream, messages }));
    });
  }
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hashing = createHash("sha256");
  for (const part of parts) hashing.update(part);
  return hashing.digest();
}

async function faultOf(server: RunningServer, records: number): Promise<string | undefined> {
  const headers = { authorization: `Bearer ${server.apiKey}` };
  const until = performance.now() + 60_000;
  let asked: { verifierKey: string; checkpoint: string | null };
  do {
    await sleep(200);
    asked = (await (await fetch(`${server.url}/api/v1/audit-key`, { headers })).json()) as typeof asked;
    if (performance.now() > until) return "no checkpoint covers every record";
  } while (Number(asked.checkpoint?.split("\n")[1] ?? 0) < records);
  const key = parseVerifierKey(sha256, asked.verifierKey);
  if (!key) return "there is no key";
  const verifier = new ExportVerifier({ sha256, verify: verifyEd25519 }, key);
  const text = await (await fetch(`${server.url}/api/v1/audit-records/export`, { headers })).text();
  for (const line of text.trimEnd().split("\n")) if (!verifier.line(line)) break;
  const found = verifier.end();
  return "message" in found ? `record ${found.seq}: ${found.message}` : undefined;
}

async function untilNoneWaits(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const until = performance.now() + 60_000;
  const waiting = async (): Promise<boolean> =>
    (await client.query("select from slipway.audit_pending limit 1")).rowCount !== 0;
  while (performance.now() < until && (await waiting())) await sleep(100);
  await client.end();
}

/** Lost acknowledgements and wrong places, as the database has them. */
async function compare(url: string, acknowledged: ReadonlySet<string>) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(
      "select request_id as id from slipway.audit_records where action = 'model.call' and outcome = 'ok'",
    );
    const recorded = new Set(rows.map(({ id }) => id));
    const lost = [...acknowledged].filter((id) => !recorded.has(id)).length;
    const places = await client.query<{ wrong: number; records: number }>(`
      select (select count(*) from slipway.audit_records)::int as records, (
        abs((select count(*) from slipway.audit_records) - (select count(*) from slipway.audit_chain))
        + (select count(*) from slipway.audit_pending)
        + (select coalesce(sum(max - count), 0) from (select max(seq), count(distinct seq) from slipway.audit_chain group by tenant_id) as t)
        + (select max(position) - count(distinct position) from slipway.audit_chain)
      )::int as wrong`);
    return { lost, records: places.rows[0]?.records ?? 0, wrongPlaces: places.rows[0]?.wrong ?? -1 };
  } finally {
    await client.end();
  }
}

/** Runs it all. Undefined where PostgreSQL's programs are not installed. */
export async function auditKills(options: KillOptions): Promise<KillFigures | undefined> {
  const postgres = await killablePostgres(options.settings);
  if (!postgres) return undefined;
  const upstream = await startUpstream();
  try {
    return await killAndCompare(postgres, upstream.url, options);
  } finally {
    upstream.close();
    await postgres.close();
  }
}

function environment(databaseUrl: string, upstream: string): Readonly<Record<string, string>> {
  return {
    DATABASE_URL: databaseUrl,
    MIGRATE_AT_START: "false",
    ENCRYPTION_KEY,
    API_KEY: "audit-kills-0123456789abcdef0123456789",
    AUDIT_MODE: "strict",
    AUDIT_CHECKPOINT_SECONDS: "1",
    OPENAI_API_KEY: "sk-test",
    OPENAI_BASE_URL: `${upstream}/v1`,
    MAX_CONCURRENCY: "5000",
    MAX_CONCURRENCY_PER_KEY: "5000",
    LOG_LEVEL: "silent",
  };
}

async function killAndCompare(
  postgres: KillablePostgres,
  upstream: string,
  options: KillOptions,
): Promise<KillFigures> {
  const began = performance.now();
  const database = await createDatabase(postgres.url);
  const migrated = spawnSync(process.execPath, [MAIN, "migrate", "--grant-to", database.login], {
    env: { PATH: process.env["PATH"], ENCRYPTION_KEY, MIGRATION_DATABASE_URL: database.adminUrl },
    encoding: "utf8",
  });
  if (migrated.status !== 0) throw new Error(`the migrations failed:\n${migrated.stdout}${migrated.stderr}`);
  const env = environment(database.url, upstream);
  let server = await startServer({ env });
  const clients = new Clients(server, options.clients);
  const inFlight: number[] = [];
  const kills = { server: 0, postgres: 0 };
  try {
    const [least, most] = options.between;
    for (const victim of victims(options)) {
      if (performance.now() - began > 1000 * (options.seconds ?? Infinity)) break;
      kills[victim] += 1;
      await sleep(least + Math.random() * (most - least));
      // What is killed should have work to lose: a database that is back is not yet in use.
      const before = clients.acknowledged.size;
      const until = performance.now() + 30_000;
      while (clients.acknowledged.size < before + 50 || clients.inFlight < 0.97 * options.clients) {
        if (performance.now() > until) throw new Error(`No request succeeds any more:\n${server.output()}`);
        await sleep(10);
      }
      inFlight.push(clients.inFlight);
      if (victim === "postgres") await postgres.killAndRestart();
      else {
        server.kill("SIGKILL");
        await server.exited;
        await server.stop();
        server = await startServer({ env });
        clients.turnTo(server);
      }
      options.onKill?.(inFlight.length);
    }
    await sleep(least);
    await clients.stop();
    // The turn of one that was killed has to run out before another puts in order what is left; one that ends signs it.
    await untilNoneWaits(database.adminUrl);
    const compared = await compare(database.adminUrl, clients.acknowledged);
    const fault = await faultOf(server, compared.records);
    inFlight.sort((a, b) => a - b);
    return {
      serverKills: kills.server,
      postgresKills: kills.postgres,
      leastInFlight: inFlight[0] ?? 0,
      medianInFlight: inFlight[Math.floor(inFlight.length / 2)] ?? 0,
      acknowledged: clients.acknowledged.size,
      ...compared,
      fault,
      seconds: Math.round((performance.now() - began) / 1000),
    };
  } finally {
    await clients.stop();
    await server.stop();
  }
}

/** Both by turns, at random which is next. */
function victims({ serverKills, postgresKills }: KillOptions): readonly ("server" | "postgres")[] {
  const list = [
    ...Array.from({ length: serverKills }, () => ({ victim: "server" as const, order: Math.random() })),
    ...Array.from({ length: postgresKills }, () => ({ victim: "postgres" as const, order: Math.random() })),
  ];
  return list.toSorted((a, b) => a.order - b.order).map(({ victim }) => victim);
}
