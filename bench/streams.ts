import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { direct } from "./candidates/direct.ts";
import { nginx } from "./candidates/nginx.ts";
import { slipway } from "./candidates/slipway.ts";
import { startUpstream } from "./candidates/upstream.ts";
import { positive, say } from "./lib/arguments.ts";
import type { Candidate, Setup } from "./lib/candidate.ts";
import { chooseCores, machine } from "./lib/cores.ts";
import { cpuMicros, foreignMicros, rssMb } from "./lib/process-cpu.ts";
import { requestBody } from "./lib/request-body.ts";
import { runClient, shotEnvironment } from "./lib/run-client.ts";
import { rounded } from "./lib/stats.ts";
import { table } from "./lib/table.ts";

/*
 * Many streams at once through one core: whether every reader gets its words without a stop that it would notice.
 *
 *   ./slipway bench streams [--streams N] [--tokens-per-second N] [--duration S] [--json]
 */

const CLIENT = fileURLToPath(import.meta.resolve("./lib/streams-client.ts"));
const WARM_UP = { streams: 64, tokens: 100 };

type Figures = {
  streams: number;
  whole: number;
  withoutGap: number;
  firstP50Ms: number;
  gapP50Ms: number;
  gapP99Ms: number;
  gapMaxMs: number;
};
type Row = Figures & { name: string; cpuCores: number; rssMb: number };

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "512" },
    "tokens-per-second": { type: "string", default: "50" },
    duration: { type: "string", default: "20" },
    json: { type: "boolean", default: false },
  },
});
const streams = positive("streams", values.streams);
const tokensPerSecond = positive("tokens-per-second", values["tokens-per-second"]);
const seconds = positive("duration", values.duration);
const tokens = tokensPerSecond * seconds;

async function ask(candidate: Candidate, count: number, cores: string | undefined): Promise<Figures> {
  return runClient<Figures>(
    CLIENT,
    [String(count), String(seconds + 30), String(tokens)],
    shotEnvironment(candidate.shot),
    {
      cores,
      timeoutMs: (seconds + 60) * 1000,
    },
  );
}

async function measure(candidate: Candidate, cores: string | undefined): Promise<Row> {
  const before = cpuMicros(candidate.pid);
  const began = performance.now();
  const figures = await ask(candidate, streams, cores);
  const cpuCores = (cpuMicros(candidate.pid) - before) / ((performance.now() - began) * 1000);
  return { name: candidate.name, ...figures, cpuCores, rssMb: rssMb(candidate.pid) };
}

async function run(): Promise<{ rows: Row[]; foreignCores: number }> {
  const cores = chooseCores();
  const upstream = await startUpstream(cores?.rest, {
    BENCH_UPSTREAM_TICK_MS: String(1000 / tokensPerSecond),
    BENCH_UPSTREAM_WORDS: String(tokens),
  });
  const running: Candidate[] = [];
  try {
    const body = requestBody(true);
    const setup: Setup = {
      upstreamPort: upstream.port,
      cores: cores?.candidate,
      restCores: cores?.rest,
      body,
      stream: true,
    };
    for (const started of [direct(setup, upstream.pid), await nginx(setup), await slipway(setup)]) {
      if ("missing" in started) say(`${started.name} was left out: ${started.missing}`);
      else running.push(started);
    }
    const rows: Row[] = [];
    const foreignBefore = foreignMicros();
    const began = performance.now();
    for (const candidate of running) {
      say(`${candidate.name}: warming up with ${WARM_UP.streams} streams`);
      await ask(candidate, WARM_UP.streams, cores?.rest);
      rows.push(await measure(candidate, cores?.rest));
    }
    return { rows, foreignCores: (foreignMicros() - foreignBefore) / ((performance.now() - began) * 1000) };
  } finally {
    for (const candidate of running) await candidate.stop();
    await upstream.stop();
  }
}

const { rows, foreignCores } = await run();
if (values.json) {
  process.stdout.write(
    `${JSON.stringify({ machine: machine(), streams, tokensPerSecond, seconds, rows, foreignCores })}\n`,
  );
} else {
  const head = [
    "",
    "whole",
    "no gap > 250 ms",
    "gap p50 ms",
    "gap p99 ms",
    "gap max ms",
    "first p50 ms",
    "cores",
    "RSS MB",
  ];
  const lines = rows.map((row) => [
    row.name,
    `${row.whole}/${row.streams}`,
    `${row.withoutGap}/${row.streams}`,
    ...[row.gapP50Ms, row.gapP99Ms, row.gapMaxMs, row.firstP50Ms].map((value) => value.toFixed(1)),
    row.cpuCores.toFixed(2),
    String(rounded(row.rssMb, 0)),
  ]);
  process.stdout.write(
    `${machine()}\n${streams} streams of ${tokensPerSecond} tokens a second for ${seconds} s\n\n${table([head, ...lines])}\n` +
      (foreignCores > 0.05
        ? `\nOther processes used ${Math.round(foreignCores * 100)} % of a core meanwhile: run it again on a quiet machine.\n`
        : ""),
  );
}
if (rows.some((row) => row.name.startsWith("slipway") && row.withoutGap < row.streams)) process.exitCode = 1;
