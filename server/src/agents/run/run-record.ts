import type { Run } from "@slipway/contracts/api/agents.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { nameOf, type Envelopes } from "#memory/envelopes.ts";
import type { Runs, StoredRun } from "#store/runs.ts";
import type { LoopEnd } from "./run-loop.ts";

/** How a run ended, in plain text. */
interface RunOutcome {
  readonly status: "completed" | "failed" | "cancelled";
  readonly output: string | null;
  readonly error: Run["error"];
}

const TRIES_MS = [100, 500];

function bound(tenantId: string, runId: string): string {
  return nameOf("run output", tenantId, runId);
}

/** What is recorded of a loop's end. A run that its caller stopped is cancelled, which is no failure. */
function outcomeOf({ result }: LoopEnd): RunOutcome {
  if (result.ok) return { status: "completed", output: result.text, error: null };
  if (result.error.code === "client_closed_request") return { status: "cancelled", output: null, error: null };
  return { status: "failed", output: null, error: { code: result.error.code, message: result.error.message } };
}

/** Writes the end of a run, its output encrypted. Tries three times: a run whose end is lost reads as running until it is stale. */
export async function finishRecord(
  store: { readonly runs: Runs; readonly envelopes: Envelopes },
  tenantId: string,
  runId: string,
  end: LoopEnd,
): Promise<void> {
  const { status, output, error } = outcomeOf(end);
  for (let attempt = 0; ; attempt += 1) {
    try {
      const sealed =
        output === null
          ? null
          : await store.envelopes.seal(tenantId, new TextEncoder().encode(output), bound(tenantId, runId));
      await store.runs.finish(tenantId, runId, { status, output: sealed, error, steps: end.steps, usage: end.usage });
      return;
    } catch (thrown) {
      const wait = TRIES_MS[attempt];
      if (wait === undefined) throw thrown;
      await sleep(wait);
    }
  }
}

/** A stored run as the API shows it, its output decrypted. */
export async function presentRun(envelopes: Envelopes, tenantId: string, run: StoredRun): Promise<Run> {
  const output =
    run.output === null
      ? null
      : new TextDecoder().decode(await envelopes.open(tenantId, run.output, bound(tenantId, run.id)));
  return {
    id: run.id,
    agent: run.agent,
    agentVersion: run.agentVersion,
    threadId: run.threadId,
    status: run.status,
    output,
    error: run.error,
    steps: run.steps,
    usage: run.usage,
    createdAt: run.createdAt.toISOString(),
    finishedAt: run.finishedAt?.toISOString() ?? null,
  };
}

/** A run that has just ended as the API shows it. */
export function endedRun(run: StoredRun, end: LoopEnd, at: number): Run {
  return {
    id: run.id,
    agent: run.agent,
    agentVersion: run.agentVersion,
    threadId: run.threadId,
    ...outcomeOf(end),
    steps: end.steps,
    usage: end.usage,
    createdAt: run.createdAt.toISOString(),
    finishedAt: new Date(at).toISOString(),
  };
}

/**
 * The run, or the failure that it must have come to: a process that died cannot write the end of its runs, and no run outlives its time.
 * Nothing is written: whoever still works on it, if the clocks differ that much, has the last word.
 */
export function orAbandoned(run: Run, timeoutSeconds: number, now: number): Run {
  const over = Date.parse(run.createdAt) + (timeoutSeconds + SLACK_SECONDS) * 1000;
  if (run.status !== "running" || now <= over) return run;
  const error = new SlipwayError("agent_failed", "The server stopped while it worked on this run.");
  return {
    ...run,
    status: "failed",
    error: { code: error.code, message: error.message },
    finishedAt: new Date(over).toISOString(),
  };
}

/** Seconds beyond its time after which a run that still reads as running is given up: clocks differ, and the end takes time to write. */
const SLACK_SECONDS = 60;
