import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SERVER_NODE_FLAGS } from "@slipway/contracts/server-command.ts";
import { migrate, productionEnvironment, serverEntry } from "./candidates/slipway.ts";
import { positive, say } from "./lib/arguments.ts";
import { type Child, freePort, startChild } from "./lib/child.ts";
import { machine } from "./lib/cores.ts";
import { openDatabase } from "./lib/database.ts";
import { rssMb } from "./lib/process-cpu.ts";
import { median, rounded } from "./lib/stats.ts";
import { table } from "./lib/table.ts";

/*
 * How long a server takes from spawn to its first 200, and what it holds when nothing happens, bundled as the image is, with an external
 * PostgreSQL and a warm compile cache.
 *
 *   ./slipway bench start [--runs N] [--json]
 */

const IDLE_MS = 2_000;
const POLL_MS = 2;
const START_TIMEOUT_MS = 30_000;

/** One start. Times count from the spawn, in milliseconds; memory is VmRSS in megabytes of 2^20 bytes. */
type Start = { healthMs: number; readyMs: number; idleRssMb: number };

/** Asks with a connection of its own each time: a refused one must not delay the next. */
function status(url: string): Promise<number> {
  return new Promise((resolve) => {
    const asked = get(url, { agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on("error", () => resolve(0));
  });
}

async function untilOk(url: string, child: Child, began: number): Promise<number> {
  for (;;) {
    if ((await status(url)) === 200) return performance.now() - began;
    if (child.exited()) throw new Error(`The server ended before it answered ${url}:\n${child.output()}`);
    if (performance.now() - began > START_TIMEOUT_MS) throw new Error(`No 200 from ${url}:\n${child.output()}`);
    await sleep(POLL_MS);
  }
}

async function startOnce(env: NodeJS.ProcessEnv, home: string): Promise<Start> {
  const port = await freePort();
  const began = performance.now();
  const child = startChild(process.execPath, [...SERVER_NODE_FLAGS, serverEntry()], {
    env: { ...env, PORT: String(port) },
    cwd: home,
    stdout: "drop",
  });
  try {
    const healthMs = await untilOk(`http://127.0.0.1:${port}/health`, child, began);
    const readyMs = await untilOk(`http://127.0.0.1:${port}/ready`, child, began);
    await sleep(IDLE_MS);
    return { healthMs, readyMs, idleRssMb: rssMb(child.pid) };
  } finally {
    await child.stop();
  }
}

async function run(count: number): Promise<Start[]> {
  const database = await openDatabase({ cores: undefined });
  if (database === undefined) throw new Error("No PostgreSQL: apt-get install postgresql, or set TEST_DATABASE_URL");
  const home = await mkdtemp(join(tmpdir(), "slipway-bench-"));
  try {
    const env = {
      ...productionEnvironment(database, home, 0, `bench-${randomBytes(16).toString("hex")}`),
      TEST_MODE: "true",
    };
    migrate(database, env);
    await startOnce(env, home); // Fills the compile cache.
    const starts: Start[] = [];
    for (let index = 1; index <= count; index++) {
      const start = await startOnce(env, home);
      starts.push(start);
      say(`start ${index} of ${count}: ${start.healthMs.toFixed(0)} ms, ${start.idleRssMb.toFixed(1)} MB`);
    }
    return starts;
  } finally {
    await database.drop();
    await rm(home, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, runs: { type: "string", default: "9" } },
});
const starts = await run(positive("runs", values.runs));
const figure = (key: keyof Start, pick: (list: number[]) => number) =>
  rounded(pick(starts.map((start) => start[key])), 1);
const medians = {
  healthMs: figure("healthMs", median),
  readyMs: figure("readyMs", median),
  idleRssMb: figure("idleRssMb", median),
};
if (values.json) {
  process.stdout.write(`${JSON.stringify({ machine: machine(), runs: starts.length, ...medians })}\n`);
} else {
  const line = (name: string, key: keyof Start) => [
    name,
    ...[median, (list: number[]) => Math.min(...list), (list: number[]) => Math.max(...list)].map((pick) =>
      figure(key, pick).toFixed(1),
    ),
  ];
  const rows = [
    [`${starts.length} starts`, "median", "least", "most"],
    line("spawn to /health 200, ms", "healthMs"),
    line("spawn to /ready 200, ms", "readyMs"),
    line("RSS after 2 s idle, MB", "idleRssMb"),
  ];
  process.stdout.write(`${machine()}\n\n${table(rows)}\n`);
}
