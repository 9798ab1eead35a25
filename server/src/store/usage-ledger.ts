import type { Usage } from "@slipway/contracts/model/usage.ts";

/** One line of the append-only ledger: what one model call used. */
export interface UsageEntry {
  /** Unique; appending an id twice writes it once. */
  readonly id: string;
  readonly tenantId: string;
  readonly requestId: string;
  readonly keyId: string;
  /** The agent on whose behalf the call was made. */
  readonly agent: string | null;
  readonly provider: string;
  readonly model: string;
  readonly usage: Usage;
  /** Where the figures come from; `none` when the provider gave none. */
  readonly source: "provider" | "estimated" | "none";
  readonly outcome: "ok" | "error" | "aborted";
  /** When the call ended. */
  readonly at: Date;
}

export interface UsageLedger {
  /** Appends entries of any tenants in one commit; each row is written under its own tenant. Long texts are cut, odd counts become 0. */
  append(entries: readonly UsageEntry[]): Promise<void>;
  /** Sum of the tenant's usage since a time. */
  total(tenantId: string, since: Date): Promise<{ readonly calls: number; readonly usage: Usage }>;
}
