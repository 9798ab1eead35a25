import type { Usage } from "@slipway/contracts/model/usage.ts";

export type RunStatus = "running" | "completed" | "failed" | "cancelled";

export interface StoredRun {
  readonly id: string;
  readonly agent: string;
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

export interface Runs {
  create(tenantId: string, run: { id: string; agent: string; threadId: string }): Promise<StoredRun>;
  /** Ends a run that is still running; a run that has ended stays as it is. */
  finish(
    tenantId: string,
    runId: string,
    end: {
      status: Exclude<RunStatus, "running">;
      output: Uint8Array | null;
      error: StoredRun["error"];
      steps: number;
      usage: Usage;
    },
  ): Promise<void>;
  get(tenantId: string, runId: string): Promise<StoredRun | undefined>;
}
