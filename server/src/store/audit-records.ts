/** Who did what to which thing, with what outcome. Holds no content and no secret. */
export interface AuditRecord {
  /** Unique; appending an id twice writes it once. */
  readonly id: string;
  readonly tenantId: string;
  /** `key:<id>`, `session:<key id>` or `system`. */
  readonly actor: string;
  /** `<noun>.<verb>`, for example `model.call`, `api_key.create`. */
  readonly action: string;
  /** The thing acted on, for example a model name or a key id. */
  readonly target: string;
  readonly outcome: "ok" | "denied" | "error" | "aborted";
  /** The stable code when the outcome is not ok. */
  readonly code: string | null;
  readonly requestId: string;
  readonly release: string;
  readonly at: Date;
}

export interface AuditRecords {
  /** Appends records of any tenants in one commit; each row is written under its own tenant. */
  append(records: readonly AuditRecord[]): Promise<void>;
  /** Newest first, at most `limit`. */
  list(tenantId: string, limit: number): Promise<readonly AuditRecord[]>;
}
