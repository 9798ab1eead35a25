import type { Usage } from "@slipway/contracts/model/usage.ts";

export type RunStatus = "running" | "completed" | "failed" | "cancelled";

export interface StoredRun {
  readonly id: string;
  readonly agent: string;
  /** Null for agents of files. */
  readonly agentVersion: number | null;
  readonly threadId: string;
  readonly status: RunStatus;
  /** The answer, encrypted before it comes here. */
  readonly output: Uint8Array | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly steps: number;
  readonly usage: Usage;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

/** A run that begins. */
export type NewRun = Pick<StoredRun, "id" | "agent" | "agentVersion" | "threadId">;

/** How a run ended. */
export interface RunEnd {
  readonly status: Exclude<RunStatus, "running">;
  readonly output: Uint8Array | null;
  readonly error: StoredRun["error"];
  readonly steps: number;
  readonly usage: Usage;
}

export interface Runs {
  /** Throws `thread_not_found` when the tenant has no such thread. */
  create(tenantId: string, run: NewRun): Promise<StoredRun>;
  /** Ends a run that is still running; a run that has ended stays as it is. */
  finish(tenantId: string, runId: string, end: RunEnd): Promise<void>;
  get(tenantId: string, runId: string): Promise<StoredRun | undefined>;
}
