import type { Candidate, Setup } from "../lib/candidate.ts";

/** No gateway at all: its figures are the upstream's own, the floor of latency and the ceiling of requests a second. */
export function direct(setup: Setup, upstreamPid: number): Candidate {
  return {
    name: "upstream alone",
    shot: { url: `http://127.0.0.1:${setup.upstreamPort}/v1/chat/completions`, headers: {}, body: setup.body },
    pid: upstreamPid,
    helpers: [],
    stop: () => Promise.resolve(),
  };
}
