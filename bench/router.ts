import { parseArgs } from "node:util";
import { direct } from "./candidates/direct.ts";
import { nginx } from "./candidates/nginx.ts";
import { portkey } from "./candidates/portkey.ts";
import { slipway } from "./candidates/slipway.ts";
import { type Upstream, startUpstream } from "./candidates/upstream.ts";
import { positive, say } from "./lib/arguments.ts";
import { keepAwake } from "./lib/awake.ts";
import type { Candidate, Setup, Started } from "./lib/candidate.ts";
import { chooseCores, machine } from "./lib/cores.ts";
import { generatorName } from "./lib/load.ts";
import { type Round, measure, measureAwake, verify } from "./lib/measure.ts";
import { requestBody } from "./lib/request-body.ts";
import { type Report, disturbanceNotes, helperNotes, ratioNotes, reportText, rowOf } from "./lib/report.ts";

/*
 * What a request costs through a gateway.
 *
 *   ./slipway bench router [--stream] [--duration S] [--wake S] [--warm-up S] [--connections N] [--rounds N] [--only nginx,slipway] [--sleep] [--json]
 *
 * Every candidate forwards the same request to the same upstream, pinned to one core, with load and upstream on the others. Slipway's
 * database is there too, and runs when neither wants to: a candidate that is asked less often because its database holds up the load
 * costs more a request, as its core sleeps and wakes in between. So the candidates' core is kept awake too, unless `--sleep` lets it sleep.
 * Rounds are interleaved (A B C A B C …) and short, so that a slow minute of the machine hits all, and none stands still for long; medians
 * are shown, and the ratios of the rounds.
 */

type Options = {
  seconds: number;
  wakeSeconds: number;
  warmUpSeconds: number;
  connections: number;
  rounds: number;
  stream: boolean;
  sleep: boolean;
  only: readonly string[];
};

/** In the order of a round. */
const CANDIDATES: Record<string, (setup: Setup, upstream: Upstream) => Started | Promise<Started>> = {
  direct: (setup, upstream) => direct(setup, upstream.pid),
  nginx,
  portkey,
  slipway,
};

/** Loads every candidate in turn, `options.rounds` times. */
async function runRounds(
  running: readonly Candidate[],
  options: Options,
  cores: string | undefined,
): Promise<Map<string, Round[]>> {
  const rounds = new Map<string, Round[]>(running.map(({ name }) => [name, []]));
  const loadOf = (seconds: number) => ({ seconds, connections: options.connections, cores });
  for (const candidate of running) {
    await verify(candidate, options.stream);
    say(`${candidate.name}: answers are right, warming up`);
    await measure(candidate, loadOf(options.warmUpSeconds));
  }
  for (let round = 1; round <= options.rounds; round++) {
    for (const candidate of running) {
      const measured = await measureAwake(candidate, loadOf(options.seconds), options.wakeSeconds);
      rounds.get(candidate.name)?.push(measured);
      const micros = measured.row.cpuMicrosPerRequest.toFixed(1);
      say(`round ${round} of ${options.rounds}, ${candidate.name}: ${micros} µs a request`);
    }
  }
  for (const candidate of running) await verify(candidate, options.stream);
  return rounds;
}

async function run(options: Options): Promise<Report> {
  const cores = chooseCores();
  const notes = cores === undefined ? ["Not pinned: there is no taskset or only one core."] : [];
  const upstream = await startUpstream(cores?.rest);
  const letSleep = cores === undefined || options.sleep ? undefined : keepAwake(cores.candidate);
  const running: Candidate[] = [];
  try {
    const body = requestBody(options.stream);
    const setup: Setup = {
      upstreamPort: upstream.port,
      cores: cores?.candidate,
      restCores: cores?.rest,
      body,
      stream: options.stream,
      databaseGivesWay: true,
    };
    for (const [name, start] of Object.entries(CANDIDATES)) {
      if (options.only.length > 0 && !options.only.includes(name)) continue;
      const candidate = await start(setup, upstream);
      if ("missing" in candidate) notes.push(`${candidate.name} was left out: ${candidate.missing}`);
      else running.push(candidate);
    }
    const rounds = await runRounds(running, options, cores?.rest);
    const windows = `median of ${options.rounds} rounds of ${options.seconds} s`;
    const core = letSleep === undefined ? "" : ", the candidates' core kept awake";
    const answers = options.stream ? "streamed answers" : "whole answers";
    return {
      machine: machine(),
      load: `${answers}, ${options.connections} connections by ${generatorName()}, ${windows}${core}`,
      rows: running.map(({ name }) => rowOf(name, rounds.get(name) ?? [])),
      notes: [
        ...notes,
        ...ratioNotes(rounds, "slipway", "portkey"),
        ...helperNotes(rounds),
        ...disturbanceNotes(rounds),
      ],
    };
  } finally {
    for (const candidate of running) await candidate.stop();
    await letSleep?.();
    await upstream.stop();
  }
}

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    stream: { type: "boolean", default: false },
    sleep: { type: "boolean", default: false },
    duration: { type: "string", default: "2" },
    wake: { type: "string", default: "1" },
    "warm-up": { type: "string", default: "20" },
    connections: { type: "string", default: "32" },
    rounds: { type: "string", default: "20" },
    only: { type: "string", default: "" },
  },
});
const report = await run({
  seconds: positive("duration", values.duration),
  wakeSeconds: positive("wake", values.wake),
  warmUpSeconds: positive("warm-up", values["warm-up"]),
  connections: positive("connections", values.connections),
  rounds: positive("rounds", values.rounds),
  stream: values.stream,
  sleep: values.sleep,
  only: values.only.split(",").filter((name) => name !== ""),
});
process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : reportText(report));
