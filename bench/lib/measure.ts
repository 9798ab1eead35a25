import { setTimeout as sleep } from "node:timers/promises";
import type { Candidate } from "./candidate.ts";
import { type LoadOptions, load } from "./load.ts";
import { cpuMicros, foreignMicros, rssMb } from "./process-cpu.ts";

/** What one measured window gave. */
export type Round = {
  row: { rps: number; cpuMicrosPerRequest: number; p50Ms: number; p99Ms: number; rssMb: number };
  /** CPU of processes that work for the candidate, by name, in microseconds a request. */
  helperMicros: Map<string, number>;
  /** CPU that processes of others used meanwhile, as a share of one core. */
  foreignCores: number;
};

/** A word that only the upstream's answer holds. */
const EXPECTED = "costs less than what it forwards leaves the budget";
/** After the last answer, so that what a candidate writes down later is paid in the same window. */
const WRITE_BEHIND_MS = 500;
const VERIFY_TIMEOUT_MS = 10_000;

/** The text of a streamed chat completion. Throws when the stream does not end as OpenAI's does. */
export function textOfStream(body: string): string {
  const events = body
    .split("\n\n")
    .map((event) => event.replace(/^data: ?/, "").trim())
    .filter((event) => event !== "");
  if (events.at(-1) !== "[DONE]") throw new Error(`The stream does not end with [DONE]: ${body.slice(-200)}`);
  const chunks = events
    .slice(0, -1)
    .map((event) => JSON.parse(event) as { choices?: { delta?: { content?: string } }[] });
  return chunks.map((chunk) => chunk.choices?.[0]?.delta?.content ?? "").join("");
}

/** The text of a whole chat completion. */
export function textOfWhole(body: string): string {
  const answer = JSON.parse(body) as { choices?: { message?: { content?: string } }[] };
  return answer.choices?.[0]?.message?.content ?? "";
}

/** Sends one request and throws unless the upstream's answer came back whole: a fast wrong answer is no result. */
export async function verify(candidate: Candidate, stream: boolean): Promise<void> {
  const { url, headers, body } = candidate.shot;
  const answer = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body,
    signal: AbortSignal.timeout(VERIFY_TIMEOUT_MS),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${candidate.name} answered ${answer.status}: ${text.slice(0, 500)}`);
  const content = stream ? textOfStream(text) : textOfWhole(text);
  if (!content.includes(EXPECTED)) throw new Error(`${candidate.name} answered something else: ${text.slice(0, 500)}`);
}

/**
 * Seconds of load before a measured window. While others are measured V8 collects, and throws away code that was optimised for objects that are
 * gone: of a server that stood still for 25 s a request cost half as much again for 7 to 9 s, and was steady after that.
 */
export const WAKE_SECONDS = 12;

/** As {@link measure}, of a process that may have stood still: it is loaded until it is as it was before that. */
export async function measureAwake(
  candidate: Candidate,
  options: LoadOptions,
  wakeSeconds = WAKE_SECONDS,
): Promise<Round> {
  await measure(candidate, { ...options, seconds: wakeSeconds });
  return measure(candidate, options);
}

/** Loads the candidate and reads its accounts before and after. Throws when a single answer was wrong. */
export async function measure(candidate: Candidate, options: LoadOptions): Promise<Round> {
  const foreignBefore = foreignMicros();
  const began = performance.now();
  const before = cpuMicros(candidate.pid);
  const helpersBefore = candidate.helpers.map(({ pid }) => cpuMicros(pid));
  const figures = await load(candidate.shot, options);
  await sleep(WRITE_BEHIND_MS);
  const used = cpuMicros(candidate.pid) - before;
  const foreignCores = (foreignMicros() - foreignBefore) / ((performance.now() - began) * 1000);
  const helperMicros = new Map(
    candidate.helpers.map(({ name, pid }, index) => [
      name,
      (cpuMicros(pid) - (helpersBefore[index] ?? 0)) / figures.requests,
    ]),
  );
  if (figures.refused + figures.broken > 0 || figures.requests === 0) {
    throw new Error(`${candidate.name} failed under load: ${JSON.stringify(figures)}`);
  }
  return {
    row: {
      rps: (figures.requests * 1_000_000) / figures.micros,
      cpuMicrosPerRequest: used / figures.requests,
      p50Ms: figures.p50Micros / 1000,
      p99Ms: figures.p99Micros / 1000,
      rssMb: rssMb(candidate.pid),
    },
    helperMicros,
    foreignCores,
  };
}
