import { Agent, request } from "node:http";
import { percentile } from "./stats.ts";

/*
 * A closed loop in place of wrk, for machines without it. It costs more CPU than wrk, so requests a second may be its
 * limit and not the candidate's; CPU per request is not affected.
 *
 *   BENCH_URL=… BENCH_HEADERS='{…}' BENCH_BODY=… node load-generator.ts <seconds> <connections>
 */

const REQUEST_TIMEOUT_MS = 20_000;
/** Latencies kept: enough for a 99th percentile, small enough to sort. Later ones overwrite earlier ones. */
const MAX_SAMPLES = 1_000_000;

const seconds = Number(process.argv[2] ?? 5);
const connections = Number(process.argv[3] ?? 32);
const url = new URL(process.env["BENCH_URL"] ?? "");
const headers = JSON.parse(process.env["BENCH_HEADERS"] ?? "{}") as Record<string, string>;
const body = Buffer.from(process.env["BENCH_BODY"] ?? "");

const agent = new Agent({ keepAlive: true, maxSockets: connections });
const latencies: number[] = [];
let requests = 0;
let refused = 0;
let broken = 0;

/** Sends one request and resolves when its answer has ended; failures are counted. */
function shoot(): Promise<void> {
  const began = performance.now();
  return new Promise((resolve) => {
    const sent = request(url, {
      agent,
      method: "POST",
      timeout: REQUEST_TIMEOUT_MS,
      headers: { ...headers, "content-type": "application/json", "content-length": body.length },
    });
    const fail = () => {
      broken++;
      sent.destroy();
      resolve();
    };
    sent.on("timeout", fail);
    sent.on("error", fail);
    sent.on("response", (answer) => {
      const status = answer.statusCode ?? 0;
      answer.resume();
      answer.on("error", fail);
      answer.on("end", () => {
        if (status < 200 || status > 399) refused++;
        latencies[requests++ % MAX_SAMPLES] = (performance.now() - began) * 1000;
        resolve();
      });
    });
    sent.end(body);
  });
}

const began = performance.now();
const until = began + seconds * 1000;
async function keepShooting(): Promise<void> {
  while (performance.now() < until) await shoot();
}
await Promise.all(Array.from({ length: connections }, keepShooting));
const micros = Math.round((performance.now() - began) * 1000);
agent.destroy();
const at = (percent: number) => (latencies.length === 0 ? 0 : Math.round(percentile(latencies, percent)));
process.stdout.write(
  `figures ${JSON.stringify({ requests, micros, p50Micros: at(50), p99Micros: at(99), refused, broken })}\n`,
);
