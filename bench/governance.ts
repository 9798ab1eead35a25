import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { slipway } from "./candidates/slipway.ts";
import { startUpstream } from "./candidates/upstream.ts";
import { positive, say } from "./lib/arguments.ts";
import type { Candidate, Setup } from "./lib/candidate.ts";
import { chooseCores, machine } from "./lib/cores.ts";
import { generatorName } from "./lib/load.ts";
import { measure, type Round, verify } from "./lib/measure.ts";
import { disturbanceNotes, helperNotes, reportText, rowOf } from "./lib/report.ts";
import { requestBody } from "./lib/request-body.ts";
import { ungovernedServer } from "./lib/ungoverned.ts";

/*
 * What governance costs a request: the same server with limits, a budget, the usage ledger and audit records, without the limits and
 * budget, and with none of it, by turns in one run.
 *
 * What a request costs a process depends on how many come at once. The upstream takes its time, as models do, so that the three are asked
 * more alike: on two cores 3,700 and 5,800 times a second, where it is four times as often without governance at an upstream that answers at
 * once (`--upstream-ms 0`), because the governed server's database shares the load's core.
 *
 *   ./slipway bench governance [--upstream-ms N] [--duration S] [--warm-up S] [--connections N] [--rounds N] [--json]
 */

const GOVERNED = "limits, budget, ledger, audit";
const UNLIMITED = "ledger, audit";
const UNGOVERNED = "none of it";
/** While others are measured V8 collects, and throws away code that was optimised for objects that are gone: it is made again before the clock runs. */
const WAKE_SECONDS = 4;

/** Limits of every kind that nobody reaches. */
const FILE = `
limits:
  - { name: key, per: key, requestsPerMinute: 10000000, tokensPerMinute: 1000000000, concurrency: 100000 }
  - { name: purse, per: tenant, budget: { day: 1000000, month: 1000000 } }
`;

type Options = {
  seconds: number;
  warmUpSeconds: number;
  connections: number;
  rounds: number;
  upstreamMs: number;
};

async function startAll(setup: Setup, folder: string): Promise<Candidate[]> {
  const file = join(folder, "slipway.yaml");
  await writeFile(file, FILE);
  const kinds: Partial<Setup>[] = [
    { name: GOVERNED, env: { SLIPWAY_CONFIG: file } },
    { name: UNLIMITED },
    { name: UNGOVERNED, entry: await ungovernedServer() },
  ];
  const running: Candidate[] = [];
  for (const kind of kinds) {
    const candidate = await slipway({ ...setup, ...kind });
    if ("missing" in candidate) throw new Error(candidate.missing);
    running.push(candidate);
  }
  return running;
}

function costOf([governed = 0, unlimited = 0, ungoverned = 0]: readonly number[]): string {
  return `${(governed - ungoverned).toFixed(1)} µs CPU a request, of it limits and budget ${(governed - unlimited).toFixed(1)}`;
}

async function run(options: Options) {
  const cores = chooseCores();
  const upstream = await startUpstream(cores?.rest, { BENCH_UPSTREAM_ANSWER_MS: String(options.upstreamMs) });
  const folder = await mkdtemp(join(tmpdir(), "slipway-bench-governance-"));
  const body = requestBody(false);
  let running: Candidate[] = [];
  const rounds = new Map<string, Round[]>();
  try {
    const { candidate, rest } = cores ?? { candidate: undefined, rest: undefined };
    const setup = { upstreamPort: upstream.port, cores: candidate, restCores: rest, body, stream: false };
    running = await startAll(setup, folder);
    const load = (seconds: number) => ({ seconds, connections: options.connections, cores: cores?.rest });
    for (const one of running) {
      await verify(one, false);
      say(`${one.name}: answers are right, warming up`);
      await measure(one, load(options.warmUpSeconds));
      rounds.set(one.name, []);
    }
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const one of running) {
        await measure(one, load(WAKE_SECONDS));
        const measured = await measure(one, load(options.seconds));
        rounds.get(one.name)?.push(measured);
        say(`round ${round}, ${one.name}: ${measured.row.cpuMicrosPerRequest.toFixed(1)} µs a request`);
      }
    }
    const rows = running.map(({ name }) => rowOf(name, rounds.get(name) ?? []));
    const costs = [
      `By medians governance costs ${costOf(rows.map((row) => row.cpuMicrosPerRequest))}.`,
      `By the least of the rounds it costs ${costOf(rows.map((row) => row.leastCpuMicros))}.`,
    ];
    const windows = `median of ${options.rounds} rounds of ${options.seconds} s`;
    return {
      machine: machine(),
      load: `whole answers, upstream of ${options.upstreamMs} ms, ${options.connections} connections by ${generatorName()}, ${windows}`,
      rows,
      notes: [...costs, ...helperNotes(rounds), ...disturbanceNotes(rounds)],
    };
  } finally {
    for (const one of running) await one.stop();
    await upstream.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    duration: { type: "string", default: "5" },
    "warm-up": { type: "string", default: "15" },
    connections: { type: "string", default: "128" },
    "upstream-ms": { type: "string", default: "20" },
    rounds: { type: "string", default: "9" },
  },
});
const report = await run({
  seconds: positive("duration", values.duration),
  warmUpSeconds: positive("warm-up", values["warm-up"]),
  connections: positive("connections", values.connections),
  rounds: positive("rounds", values.rounds),
  upstreamMs: values["upstream-ms"] === "0" ? 0 : positive("upstream-ms", values["upstream-ms"]),
});
process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : reportText(report));
