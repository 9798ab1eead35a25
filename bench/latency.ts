import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { direct } from "./candidates/direct.ts";
import { nginx } from "./candidates/nginx.ts";
import { slipway } from "./candidates/slipway.ts";
import { startUpstream } from "./candidates/upstream.ts";
import { positive, say } from "./lib/arguments.ts";
import { keepAwake } from "./lib/awake.ts";
import type { Candidate, Setup } from "./lib/candidate.ts";
import { chooseCores, machine } from "./lib/cores.ts";
import { WAKE_SECONDS, verify } from "./lib/measure.ts";
import { foreignMicros } from "./lib/process-cpu.ts";
import { requestBody } from "./lib/request-body.ts";
import { runClient } from "./lib/run-client.ts";
import { median, rounded } from "./lib/stats.ts";
import { table } from "./lib/table.ts";

/*
 * What a gateway adds to the time of an answer: requests arrive at a fixed rate at an upstream that takes a fixed time, and each is
 * timed from when it was due. The same client asks the upstream itself meanwhile, a quarter as often, and what is added is the
 * difference of the two in the same seconds: what holds up the client, the upstream or the machine holds up both. The candidate has one
 * core, everything else the others; there its database gives way to load and upstream. Rounds are interleaved. At such a rate a candidate's
 * core is idle for most of the time; it is kept awake, unless `--sleep` lets it sleep and, on a virtual machine, go back to the host.
 *
 *   ./slipway bench latency [--rate N] [--upstream-ms N] [--duration S] [--rounds N] [--sleep] [--json]
 */

const CLIENT = fileURLToPath(import.meta.resolve("./lib/open-loop.ts"));
/** Of the candidate's rate: often enough for a p99, seldom enough to stay out of the way. */
const BESIDE = 0.25;
/** A client that itself stood still for longer (on a host that takes the machine away) sends what it owes at once: that round tells nothing. */
const LATE_MS = 50;
/** Rounds that may be left out before what there is must do. */
const MOST_LEFT_OUT = 20;

type Figures = {
  requests: number;
  refused: number;
  broken: number;
  /** How late the client itself was at most, in milliseconds. */
  lateMs: number;
  p50Micros: number;
  p99Micros: number;
  p999Micros: number;
};
/** The same seconds through the candidate and beside it. */
type Pair = { through: Figures; beside: Figures };
type Key = "p50Micros" | "p99Micros" | "p999Micros";

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "2000" },
    "upstream-ms": { type: "string", default: "20" },
    duration: { type: "string", default: "10" },
    rounds: { type: "string", default: "5" },
    sleep: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const rate = positive("rate", values.rate);
const seconds = positive("duration", values.duration);
const rounds = positive("rounds", values.rounds);
const upstreamMs = positive("upstream-ms", values["upstream-ms"]);
let leftOut = 0;

async function measure(candidate: Candidate, upstream: Candidate, cores: string | undefined): Promise<Pair> {
  const asked = [
    { shot: candidate.shot, rate },
    { shot: upstream.shot, rate: Math.max(1, rate * BESIDE) },
  ];
  const { ways } = await runClient<{ ways: Figures[] }>(
    CLIENT,
    [String(seconds), String(WAKE_SECONDS)],
    { BENCH_WAYS: JSON.stringify(asked) },
    { cores, timeoutMs: (seconds + WAKE_SECONDS + 30) * 1000 },
  );
  const [through, beside] = ways;
  if (!through || !beside || through.refused + through.broken + beside.refused + beside.broken > 0) {
    throw new Error(`${candidate.name} failed at this rate: ${JSON.stringify(ways)}`);
  }
  return { through, beside };
}

/** As `measure`, again and again until the client was in time. */
async function measureInTime(candidate: Candidate, upstream: Candidate, cores: string | undefined): Promise<Pair> {
  for (;;) {
    const pair = await measure(candidate, upstream, cores);
    if (pair.through.lateMs <= LATE_MS || leftOut >= MOST_LEFT_OUT) return pair;
    leftOut += 1;
    say(`left out: the client stood still for ${Math.round(pair.through.lateMs)} ms`);
  }
}

async function run(): Promise<{ all: Map<string, Pair[]>; foreignCores: number; awake: boolean }> {
  const cores = chooseCores();
  const upstream = await startUpstream(cores?.rest, { BENCH_UPSTREAM_ANSWER_MS: String(upstreamMs) });
  const letSleep = cores === undefined || values.sleep ? undefined : keepAwake(cores.candidate);
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
    const alone = direct(setup, upstream.pid);
    for (const started of [await nginx(setup), await slipway(setup)]) {
      if ("missing" in started) say(`${started.name} was left out: ${started.missing}`);
      else running.push(started);
    }
    const all = new Map<string, Pair[]>(running.map(({ name }) => [name, []]));
    for (const candidate of running) {
      await verify(candidate, false);
      await measure(candidate, alone, cores?.rest);
    }
    const foreignBefore = foreignMicros();
    const began = performance.now();
    for (let round = 1; round <= rounds; round++) {
      for (const candidate of running) {
        const pair = await measureInTime(candidate, alone, cores?.rest);
        all.get(candidate.name)?.push(pair);
        const told = [pair.through, pair.beside].map((one) => `p50 ${ms(one.p50Micros)}, p99 ${ms(one.p99Micros)}`);
        say(`round ${round} of ${rounds}, ${candidate.name}: ${told[0]} ms; upstream itself: ${told[1]} ms`);
      }
    }
    const foreignCores = (foreignMicros() - foreignBefore) / ((performance.now() - began) * 1000);
    return { all, foreignCores, awake: letSleep !== undefined };
  } finally {
    for (const candidate of running) await candidate.stop();
    await upstream.stop();
    await letSleep?.();
  }
}

function ms(micros: number): string {
  return (micros / 1000).toFixed(2);
}

const { all, foreignCores, awake } = await run();
const middle = (pairs: readonly Pair[], of: (pair: Pair) => number): number => rounded(median(pairs.map(of)) / 1000, 2);
const added = (pairs: readonly Pair[], key: Key): number =>
  middle(pairs, ({ through, beside }) => through[key] - beside[key]);
const rows = [...all].map(([name, pairs]) => ({
  name,
  p50Ms: middle(pairs, ({ through }) => through.p50Micros),
  p99Ms: middle(pairs, ({ through }) => through.p99Micros),
  p999Ms: middle(pairs, ({ through }) => through.p999Micros),
  upstreamP50Ms: middle(pairs, ({ beside }) => beside.p50Micros),
  upstreamP99Ms: middle(pairs, ({ beside }) => beside.p99Micros),
  addedP50Ms: added(pairs, "p50Micros"),
  addedP99Ms: added(pairs, "p99Micros"),
}));
if (values.json) {
  process.stdout.write(
    `${JSON.stringify({ machine: machine(), rate, upstreamMs, rows, awake, leftOut, foreignCores })}\n`,
  );
} else {
  const head = ["", "p50 ms", "p99 ms", "p99.9 ms", "upstream p50", "p99", "added p50", "added p99"];
  const lines = rows.map(({ name, ...figures }) => [name, ...Object.values(figures).map((value) => value.toFixed(2))]);
  process.stdout.write(
    `${machine()}\n${rate} requests a second, due at fixed times, at an upstream of ${upstreamMs} ms, which is asked itself a quarter as often meanwhile; ` +
      `median of ${rounds} rounds of ${seconds} s${awake ? ", the candidates' core kept awake" : ""}, ${leftOut} left out in which the client stood still\n\n` +
      `${table([head, ...lines])}\n` +
      (foreignCores > 0.05
        ? `\nOther processes used ${Math.round(foreignCores * 100)} % of a core meanwhile: run it again on a quiet machine.\n`
        : ""),
  );
}
