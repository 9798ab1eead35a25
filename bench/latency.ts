import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { direct } from "./candidates/direct.ts";
import { nginx } from "./candidates/nginx.ts";
import { slipway } from "./candidates/slipway.ts";
import { startUpstream } from "./candidates/upstream.ts";
import { positive, say } from "./lib/arguments.ts";
import type { Candidate, Setup } from "./lib/candidate.ts";
import { chooseCores, machine } from "./lib/cores.ts";
import { verify } from "./lib/measure.ts";
import { foreignMicros } from "./lib/process-cpu.ts";
import { requestBody } from "./lib/request-body.ts";
import { runClient } from "./lib/run-client.ts";
import { median, rounded } from "./lib/stats.ts";
import { table } from "./lib/table.ts";

/*
 * What a gateway adds to the time of an answer: requests arrive at a fixed rate at an upstream that takes a fixed time, and each is
 * timed from when it was due. The candidate has one core, everything else the others; there its database gives way to load and upstream.
 * Rounds are interleaved.
 *
 *   ./slipway bench latency [--rate N] [--upstream-ms N] [--duration S] [--rounds N] [--json]
 */

const WARM_UP_SECONDS = 2;
const CLIENT = fileURLToPath(import.meta.resolve("./lib/open-loop.ts"));

type Figures = {
  requests: number;
  refused: number;
  broken: number;
  lateMs: number;
  p50Micros: number;
  p99Micros: number;
  p999Micros: number;
};

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "2000" },
    "upstream-ms": { type: "string", default: "20" },
    duration: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
const rate = positive("rate", values.rate);
const seconds = positive("duration", values.duration);
const rounds = positive("rounds", values.rounds);
const upstreamMs = positive("upstream-ms", values["upstream-ms"]);

async function measure(candidate: Candidate, cores: string | undefined): Promise<Figures> {
  const figures = await runClient<Figures>(
    CLIENT,
    [String(rate), String(seconds), String(WARM_UP_SECONDS)],
    candidate.shot,
    {
      cores,
      timeoutMs: (seconds + WARM_UP_SECONDS + 30) * 1000,
    },
  );
  if (figures.refused + figures.broken > 0) {
    throw new Error(`${candidate.name} failed at this rate: ${JSON.stringify(figures)}`);
  }
  return figures;
}

async function run(): Promise<{ names: string[]; all: Map<string, Figures[]>; foreignCores: number }> {
  const cores = chooseCores();
  const upstream = await startUpstream(cores?.rest, { BENCH_UPSTREAM_ANSWER_MS: String(upstreamMs) });
  const running: Candidate[] = [];
  try {
    const setup: Setup = {
      upstreamPort: upstream.port,
      cores: cores?.candidate,
      restCores: cores?.rest,
      body: requestBody(false),
      stream: false,
      databaseGivesWay: true,
    };
    for (const started of [direct(setup, upstream.pid), await nginx(setup), await slipway(setup)]) {
      if ("missing" in started) say(`${started.name} was left out: ${started.missing}`);
      else running.push(started);
    }
    const all = new Map<string, Figures[]>(running.map(({ name }) => [name, []]));
    for (const candidate of running) {
      await verify(candidate, false);
      await measure(candidate, cores?.rest);
    }
    const foreignBefore = foreignMicros();
    const began = performance.now();
    for (let round = 1; round <= rounds; round++) {
      for (const candidate of running) {
        const figures = await measure(candidate, cores?.rest);
        all.get(candidate.name)?.push(figures);
        say(
          `round ${round} of ${rounds}, ${candidate.name}: p50 ${(figures.p50Micros / 1000).toFixed(2)} ms, p99 ${(figures.p99Micros / 1000).toFixed(2)} ms`,
        );
      }
    }
    const foreignCores = (foreignMicros() - foreignBefore) / ((performance.now() - began) * 1000);
    return { names: running.map(({ name }) => name), all, foreignCores };
  } finally {
    for (const candidate of running) await candidate.stop();
    await upstream.stop();
  }
}

const { names, all, foreignCores } = await run();
const figure = (name: string, key: "p50Micros" | "p99Micros" | "p999Micros"): number =>
  median((all.get(name) ?? []).map((figures) => figures[key])) / 1000;
const [base = ""] = names;
const rows = names.map((name) => ({
  name,
  p50Ms: rounded(figure(name, "p50Micros"), 2),
  p99Ms: rounded(figure(name, "p99Micros"), 2),
  p999Ms: rounded(figure(name, "p999Micros"), 2),
  addedP50Ms: rounded(figure(name, "p50Micros") - figure(base, "p50Micros"), 2),
  addedP99Ms: rounded(figure(name, "p99Micros") - figure(base, "p99Micros"), 2),
}));
if (values.json) {
  process.stdout.write(`${JSON.stringify({ machine: machine(), rate, upstreamMs, rows, foreignCores })}\n`);
} else {
  const head = ["", "p50 ms", "p99 ms", "p99.9 ms", "added p50", "added p99"];
  const lines = rows.map((row) => [
    row.name,
    ...[row.p50Ms, row.p99Ms, row.p999Ms, row.addedP50Ms, row.addedP99Ms].map((value) => value.toFixed(2)),
  ]);
  process.stdout.write(
    `${machine()}\n${rate} requests a second, due at fixed times, at an upstream of ${upstreamMs} ms; median of ${rounds} rounds of ${seconds} s\n\n` +
      `${table([head, ...lines])}\n` +
      (foreignCores > 0.05
        ? `\nOther processes used ${Math.round(foreignCores * 100)} % of a core meanwhile: run it again on a quiet machine.\n`
        : ""),
  );
}
