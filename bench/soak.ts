import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { slipway } from "./candidates/slipway.ts";
import { startUpstream } from "./candidates/upstream.ts";
import { positive, say } from "./lib/arguments.ts";
import { freePort } from "./lib/child.ts";
import { chooseCores, machine } from "./lib/cores.ts";
import { type Inspected, inspect } from "./lib/inspector.ts";
import { rssMb } from "./lib/process-cpu.ts";
import { requestBody } from "./lib/request-body.ts";
import { runClient, shotEnvironment } from "./lib/run-client.ts";
import { slope } from "./lib/stats.ts";

/*
 * Whether the server keeps what it should let go: mixed load, one client in five leaving before its answer, and the heap after a full
 * collection in every pause. What V8 compiles and notes of the program becomes more for hours, as ever rarer functions become worth it, so the
 * server's own objects are told apart from it, and judged. Ends with 1 when they grow by more than their error.
 *
 *   ./slipway bench soak [--minutes N] [--warm-up N] [--clients N] [--leak] [--json]
 *
 * --leak: the control. The server keeps some 5 KB a second, and the bench has to end with 1.
 */

const CLIENT = fileURLToPath(import.meta.resolve("./lib/mixed-client.ts"));
const LEAK = fileURLToPath(import.meta.resolve("./lib/leak.ts"));
const ROUNDS = 30;
const MB = 2 ** 20;
/** After the load, until what is written behind and read on after a leaving is over. */
const SETTLE_MS = 1500;

type Load = { whole: number; streamed: number; left: number; refused: number; broken: number };
type Sample = { minute: number; heapMb: number; objectsMb: number; engineMb: number; rssMb: number };

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    "warm-up": { type: "string", default: "3" },
    clients: { type: "string", default: "64" },
    leak: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const minutes = positive("minutes", values.minutes);
const warmUp = positive("warm-up", values["warm-up"]);
const clients = positive("clients", values.clients);

async function sample(inspected: Inspected, pid: number, minute: number): Promise<Sample> {
  const heapMb = (await inspected.heapAfterCollection()) / MB;
  const kinds = await inspected.heapOfKinds();
  const taken = { minute, heapMb, objectsMb: kinds.objects / MB, engineMb: kinds.engine / MB, rssMb: rssMb(pid) };
  say(
    `minute ${minute.toFixed(1)}: heap ${heapMb.toFixed(2)} MB after collection, the server's objects ${taken.objectsMb.toFixed(3)}, V8's own ${taken.engineMb.toFixed(2)}, RSS ${taken.rssMb.toFixed(0)} MB`,
  );
  return taken;
}

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
    nodeFlags: [`--inspect=127.0.0.1:${port}`, ...(values.leak ? [`--import=${LEAK}`] : [])],
  });
  if ("missing" in started) throw new Error(started.missing);
  const total: Load = { whole: 0, streamed: 0, left: 0, refused: 0, broken: 0 };
  const samples: Sample[] = [];
  try {
    const inspected = await inspect(port);
    const work = async (seconds: number): Promise<void> => {
      const load = await runClient<Load>(CLIENT, [String(clients), String(seconds)], shotEnvironment(started.shot), {
        cores: cores?.rest,
        timeoutMs: (seconds + 60) * 1000,
      });
      for (const key of Object.keys(total) as (keyof Load)[]) total[key] += load[key];
      await sleep(SETTLE_MS);
    };
    const began = performance.now();
    await work(Math.ceil(warmUp * 60));
    for (let round = 0; round <= ROUNDS; round += 1) {
      if (round > 0) await work(Math.max(1, Math.round((minutes * 60) / ROUNDS)));
      samples.push(await sample(inspected, started.pid, (performance.now() - began) / 60_000));
    }
    inspected.close();
    return { samples, load: total };
  } finally {
    await started.stop();
    await upstream.stop();
  }
}

const { samples, load } = await run();
const slopeOf = (key: "heapMb" | "objectsMb" | "engineMb") => slope(samples.map((one) => [one.minute, one[key]]));
const [heap, objects, engine] = [slopeOf("heapMb"), slopeOf("objectsMb"), slopeOf("engineMb")];
// Twice the standard error is the usual bound of what chance alone makes.
const grows = objects.slope > 2 * objects.error;
const result = { machine: machine(), minutes, warmUp, load, mbPerMinute: { heap, objects, engine }, grows };
const range = (key: "heapMb" | "objectsMb" | "engineMb", { slope: found, error }: typeof heap): string =>
  `${(samples[0]?.[key] ?? 0).toFixed(2)} to ${(samples.at(-1)?.[key] ?? 0).toFixed(2)} MB, slope ${found.toFixed(4)} ± ${error.toFixed(4)} MB a minute`;
process.stdout.write(
  values.json
    ? `${JSON.stringify({ ...result, samples })}\n`
    : `${result.machine}\n${minutes} minutes after ${warmUp}, ${clients} clients: ${load.whole} whole and ${load.streamed} streamed answers, ${load.left} clients left, ` +
        `${load.refused} refused, ${load.broken} broken\n` +
        `the server's objects: ${range("objectsMb", objects)}${grows ? ": they grow" : ": not above 0 within its error"}\n` +
        `V8's own:             ${range("engineMb", engine)}\n` +
        `heap after collection: ${range("heapMb", heap)}\n`,
);
if (grows || load.refused + load.broken > 0) process.exitCode = 1;
