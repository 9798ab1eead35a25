import { parseArgs } from "node:util";
import { slipway } from "./candidates/slipway.ts";
import { startUpstream } from "./candidates/upstream.ts";
import { positive, say } from "./lib/arguments.ts";
import { keepAwake } from "./lib/awake.ts";
import type { Candidate, Setup } from "./lib/candidate.ts";
import { chooseCores, machine } from "./lib/cores.ts";
import { generatorName } from "./lib/load.ts";
import { measure, measureAwake, type Round, verify } from "./lib/measure.ts";
import { disturbanceNotes, helperNotes, reportText, rowOf } from "./lib/report.ts";
import { mean } from "./lib/stats.ts";
import { requestBody } from "./lib/request-body.ts";
import { ungovernedServer } from "./lib/ungoverned.ts";

/*
 * What governance costs a request: the same server with limits, a budget, the usage ledger and audit records that answers wait for, the same
 * with records that follow them, without the limits and budget, and with none of it, by turns in one run.
 *
 * What a request costs a process depends on how many come at once. The upstream takes its time, as models do, so that they are asked
 * more alike: on two cores 3,700 and 5,800 times a second, where it is four times as often without governance at an upstream that answers at
 * once (`--upstream-ms 0`), because the governed server's database shares the load's core,
 * where it runs when load and upstream do not want to.
 *
 *   ./slipway bench governance [--upstream-ms N] [--duration S] [--wake S] [--warm-up S] [--connections N] [--rounds N] [--sleep] [--json]
 */

const STRICT = "limits, budget, ledger, audit strict";
const BATCHED = "limits, budget, ledger, audit batched";
const UNLIMITED = "ledger, audit strict";
const UNGOVERNED = "none of it";

type Options = {
  seconds: number;
  wakeSeconds: number;
  sleep: boolean;
  warmUpSeconds: number;
  connections: number;
  rounds: number;
  upstreamMs: number;
};

async function startAll(setup: Setup): Promise<Candidate[]> {
  const kinds: Partial<Setup>[] = [
    { name: STRICT, env: { AUDIT_MODE: "strict" } },
    { name: BATCHED, env: { AUDIT_MODE: "batched" } },
    { name: UNLIMITED, unlimited: true, env: { AUDIT_MODE: "strict" } },
    { name: UNGOVERNED, unlimited: true, entry: await ungovernedServer() },
  ];
  const running: Candidate[] = [];
  for (const kind of kinds) {
    const candidate = await slipway({ ...setup, ...kind });
    if ("missing" in candidate) throw new Error(candidate.missing);
    running.push(candidate);
  }
  return running;
}

function costOf([strict = 0, batched = 0, unlimited = 0, ungoverned = 0]: readonly number[]): string {
  const limits = (strict - unlimited).toFixed(1);
  return `${(strict - ungoverned).toFixed(1)} µs CPU a request, of it limits and budget ${limits}; with the audit log batched ${(batched - ungoverned).toFixed(1)}`;
}

/** What the server costs more than the ungoverned one, in the same rounds: a slow minute of the machine is a slow one for both. */
function inRounds(rounds: ReadonlyMap<string, readonly Round[]>, name: string): string {
  const cost = (of: string) => (rounds.get(of) ?? []).map(({ row }) => row.cpuMicrosPerRequest);
  const ungoverned = cost(UNGOVERNED);
  const { mean: found, error } = mean(cost(name).map((micros, at) => micros - (ungoverned[at] ?? Number.NaN)));
  return `${found.toFixed(1)} ± ${error.toFixed(1)}`;
}

async function run(options: Options) {
  const cores = chooseCores();
  const upstream = await startUpstream(cores?.rest, { BENCH_UPSTREAM_ANSWER_MS: String(options.upstreamMs) });
  const body = requestBody(false);
  const letSleep = cores === undefined || options.sleep ? undefined : keepAwake(cores.candidate);
  let running: Candidate[] = [];
  const rounds = new Map<string, Round[]>();
  try {
    const { candidate, rest } = cores ?? { candidate: undefined, rest: undefined };
    const setup = {
      upstreamPort: upstream.port,
      cores: candidate,
      restCores: rest,
      body,
      stream: false,
      databaseGivesWay: true,
    };
    running = await startAll(setup);
    const load = (seconds: number) => ({ seconds, connections: options.connections, cores: cores?.rest });
    for (const one of running) {
      await verify(one, false);
      say(`${one.name}: answers are right, warming up`);
      await measure(one, load(options.warmUpSeconds));
      rounds.set(one.name, []);
    }
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const one of running) {
        const measured = await measureAwake(one, load(options.seconds), options.wakeSeconds);
        rounds.get(one.name)?.push(measured);
        say(`round ${round}, ${one.name}: ${measured.row.cpuMicrosPerRequest.toFixed(1)} µs a request`);
      }
    }
    const rows = running.map(({ name }) => rowOf(name, rounds.get(name) ?? []));
    const costs = [
      `By medians governance costs ${costOf(rows.map((row) => row.cpuMicrosPerRequest))}.`,
      ...(options.rounds < 2
        ? []
        : [
            `Round by round it costs ${inRounds(rounds, STRICT)} µs (mean and standard error), with the audit log batched ${inRounds(rounds, BATCHED)}.`,
          ]),
      `By the least of the rounds it costs ${costOf(rows.map((row) => row.leastCpuMicros))}.`,
    ];
    const core = letSleep === undefined ? "" : ", the servers' core kept awake";
    const windows = `median of ${options.rounds} rounds of ${options.seconds} s`;
    return {
      machine: machine(),
      load: `whole answers, upstream of ${options.upstreamMs} ms, ${options.connections} connections by ${generatorName()}, ${windows}${core}`,
      rows,
      notes: [...costs, ...helperNotes(rounds), ...disturbanceNotes(rounds)],
    };
  } finally {
    for (const one of running) await one.stop();
    await letSleep?.();
    await upstream.stop();
  }
}

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    sleep: { type: "boolean", default: false },
    duration: { type: "string", default: "2" },
    wake: { type: "string", default: "1" },
    "warm-up": { type: "string", default: "15" },
    connections: { type: "string", default: "128" },
    "upstream-ms": { type: "string", default: "20" },
    rounds: { type: "string", default: "15" },
  },
});
const report = await run({
  seconds: positive("duration", values.duration),
  wakeSeconds: positive("wake", values.wake),
  sleep: values.sleep,
  warmUpSeconds: positive("warm-up", values["warm-up"]),
  connections: positive("connections", values.connections),
  rounds: positive("rounds", values.rounds),
  upstreamMs: values["upstream-ms"] === "0" ? 0 : positive("upstream-ms", values["upstream-ms"]),
});
process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : reportText(report));
