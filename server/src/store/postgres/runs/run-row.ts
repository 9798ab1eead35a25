import type { RunStatus, StoredRun } from "../../runs.ts";

/** A run as its statements answer it. */
export interface RunRow {
  readonly id: string;
  readonly agent: string;
  readonly agentVersion: number | null;
  readonly threadId: string;
  readonly status: RunStatus;
  readonly output: Uint8Array | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly steps: number;
  readonly input: number;
  readonly cachedRead: number;
  readonly cacheWrite: number;
  readonly outputTokens: number;
  readonly reasoning: number;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

export function toRun(row: RunRow): StoredRun {
  return {
    id: row.id,
    agent: row.agent,
    agentVersion: row.agentVersion,
    threadId: row.threadId,
    status: row.status,
    output: row.output,
    error: row.errorCode === null ? null : { code: row.errorCode, message: row.errorMessage ?? "" },
    steps: row.steps,
    usage: {
      input: row.input,
      cachedRead: row.cachedRead,
      cacheWrite: row.cacheWrite,
      output: row.outputTokens,
      reasoning: row.reasoning,
    },
    createdAt: row.createdAt,
    finishedAt: row.finishedAt,
  };
}
