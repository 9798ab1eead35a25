import type { EnvironmentReader } from "./reader.ts";

/** How the audit log is kept. */
export interface AuditSettings {
  /** False: nothing is recorded. */
  readonly enabled: boolean;
  readonly mode: "strict" | "batched";
  /** Where `slipway.yaml` says nothing else. */
  readonly level: "none" | "metadata" | "request" | "full";
  /** Of what was said in one exchange, as JSON. */
  readonly maxContentBytes: number;
  /** 0: for ever. */
  readonly retentionDays: number;
  readonly checkpointMs: number;
  /** Absent: derived from the master key. */
  readonly signingKey: string | undefined;
}

const LEVELS = ["none", "metadata", "request", "full"] as const;

/** The database keeps a week whatever the server asks for. */
const LEAST_DAYS = 7;

export function readAudit(env: EnvironmentReader, external: boolean): AuditSettings {
  const retentionDays = env.integer("AUDIT_RETENTION_DAYS", 0, 0, 36_500);
  if (retentionDays > 0 && retentionDays < LEAST_DAYS)
    env.problems.push(`AUDIT_RETENTION_DAYS must be 0 (for ever) or at least ${LEAST_DAYS}`);
  return {
    enabled: env.flag("AUDIT_LOG_ENABLED") ?? true,
    mode: env.choice(["AUDIT_MODE"], ["strict", "batched"], external ? "strict" : "batched"),
    level: env.choice(["AUDIT_LEVEL"], LEVELS, "metadata"),
    maxContentBytes: env.integer("AUDIT_MAX_CONTENT_BYTES", 64 * 1024, 256, 10 * 1024 * 1024),
    retentionDays,
    checkpointMs: 1000 * env.integer("AUDIT_CHECKPOINT_SECONDS", 30, 1, 60),
    signingKey: env.secret("AUDIT_SIGNING_KEY", 32),
  };
}
