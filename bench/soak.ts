import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { slipway } from "./candidates/slipway.ts";
import { startUpstream } from "./candidates/upstream.ts";
import { positive, say } from "./lib/arguments.ts";
import { freePort } from "./lib/child.ts";
import { chooseCores, machine } from "./lib/cores.ts";
import { inspect } from "./lib/inspector.ts";
import { rssMb } from "./lib/process-cpu.ts";
import { requestBody } from "./lib/request-body.ts";
import { runClient, shotEnvironment } from "./lib/run-client.ts";
import { slope } from "./lib/stats.ts";

/*
 * Whether the server keeps what it should let go: mixed load, one client in five leaving before its answer, and the heap after a full
 * collection in every pause. The first tenth is warming up. Ends with 1 when the heap grows by more than its error.
 *
 *   ./slipway bench soak [--minutes N] [--clients N] [--json]
 */

const CLIENT = fileURLToPath(import.meta.resolve("./lib/mixed-client.ts"));
const ROUNDS = 30;
/** After the load, until what is written behind and read on after a leaving is over. */
const SETTLE_MS = 1500;

type Load = { whole: number; streamed: number; left: number; refused: number; broken: number };
type Sample = { minute: number; heapMb: number; codeMb: number; rssMb: number };

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    clients: { type: "string", default: "64" },
    json: { type: "boolean", default: false },
  },
});
const minutes = positive("minutes", values.minutes);
const clients = positive("clients", values.clients);

async function run(): Promise<{ samples: Sample[]; load: Load }> {
  const cores = chooseCores();
  const upstream = await startUpstream(cores?.rest, { BENCH_UPSTREAM_ANSWER_MS: "20" });
  const port = await freePort();
  const started = await slipway({
    upstreamPort: upstream.port,
    cores: cores?.candidate,
    restCores: cores?.rest,
    body: requestBody(false),
    stream: false,
    nodeFlags: [`--inspect=127.0.0.1:${port}`],
  });
  if ("missing" in started) throw new Error(started.missing);
  const total: Load = { whole: 0, streamed: 0, left: 0, refused: 0, broken: 0 };
  const samples: Sample[] = [];
  try {
    const inspected = await inspect(port);
    const began = performance.now();
    const seconds = Math.max(1, Math.round((minutes * 60) / ROUNDS));
    for (let round = 0; round <= ROUNDS; round += 1) {
      const load = await runClient<Load>(CLIENT, [String(clients), String(seconds)], shotEnvironment(started.shot), {
        cores: cores?.rest,
        timeoutMs: (seconds + 60) * 1000,
      });
      for (const key of Object.keys(total) as (keyof Load)[]) total[key] += load[key];
      await sleep(SETTLE_MS);
      const heap = await inspected.heapAfterCollection();
      const sample = {
        minute: (performance.now() - began) / 60_000,
        heapMb: heap.used / 2 ** 20,
        codeMb: heap.code / 2 ** 20,
        rssMb: rssMb(started.pid),
      };
      samples.push(sample);
      say(
        `minute ${sample.minute.toFixed(1)}: heap ${sample.heapMb.toFixed(2)} MB after collection, ${sample.codeMb.toFixed(2)} of it V8's code, RSS ${sample.rssMb.toFixed(0)} MB`,
      );
    }
    inspected.close();
    return { samples, load: total };
  } finally {
    await started.stop();
    await upstream.stop();
  }
}

const { samples, load } = await run();
const counted = samples.slice(Math.ceil(samples.length / 10));
const fit = slope(counted.map(({ minute, heapMb }) => [minute, heapMb]));
const codeFit = slope(counted.map(({ minute, codeMb }) => [minute, codeMb]));
// Twice the standard error is the usual bound of what chance alone makes.
const grows = fit.slope > 2 * fit.error;
const result = {
  machine: machine(),
  minutes,
  load,
  heapSlopeMbPerMinute: fit.slope,
  standardError: fit.error,
  codeSlopeMbPerMinute: codeFit.slope,
  grows,
  firstHeapMb: counted[0]?.heapMb,
  lastHeapMb: counted.at(-1)?.heapMb,
};
process.stdout.write(
  values.json
    ? `${JSON.stringify({ ...result, samples })}\n`
    : `${result.machine}\n${minutes} minutes, ${clients} clients: ${load.whole} whole and ${load.streamed} streamed answers, ${load.left} clients left, ` +
        `${load.refused} refused, ${load.broken} broken\n` +
        `heap after collection: ${(result.firstHeapMb ?? 0).toFixed(2)} to ${(result.lastHeapMb ?? 0).toFixed(2)} MB, ` +
        `slope ${fit.slope.toFixed(4)} ± ${fit.error.toFixed(4)} MB a minute, ${codeFit.slope.toFixed(4)} of it V8's code${grows ? ": it grows" : ": not above 0 within its error"}\n`,
);
if (grows || load.refused + load.broken > 0) process.exitCode = 1;
