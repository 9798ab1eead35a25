import type { RecordLine } from "./record-line.ts";

/** How much of a request and its answer a record keeps. */
export type AuditLevel = "metadata" | "request" | "full";

/** Who did what to which thing, with what outcome. Holds no content and no secret. */
export interface AuditRecord {
  /** Unique; appending an id twice writes it once. */
  readonly id: string;
  readonly tenantId: string;
  /** `key:<id>`, `session:<key id>`, `anonymous` or `system`. */
  readonly actor: string;
  /** `<noun>.<verb>`, for example `model.call`, `api_key.create`. */
  readonly action: string;
  /** The thing acted on, for example a model name or a key id. */
  readonly target: string;
  readonly outcome: "ok" | "denied" | "error" | "aborted";
  /** The stable code when the outcome is not ok. */
  readonly code: string | null;
  /** Pico-dollars; null when nothing was bought, or nobody knows the price. */
  readonly cost: number | null;
  /** The address that the request came from. */
  readonly clientIp: string | null;
  readonly level: AuditLevel;
  readonly requestId: string;
  readonly release: string;
  readonly at: Date;
}

/** A record to be written, with what was said: redacted, encrypted under the tenant's key. */
export interface NewAuditRecord extends AuditRecord {
  readonly content?: Uint8Array | null;
}

/** A record that waits for its place, with the hash of what was said. */
export interface UnsequencedRecord extends AuditRecord {
  readonly contentSha256: Uint8Array | null;
}

/** A record in its place. */
export interface SequencedAuditRecord extends UnsequencedRecord {
  /** In its tenant's log: from 1, without gaps. */
  readonly seq: number;
  /** Over all tenants, in the order of commits: whoever has seen one will see nothing new below it. */
  readonly position: number;
  readonly recordHash: Uint8Array;
  readonly chainHash: Uint8Array;
}

/** What a search asks for; a text must be met exactly, but for `action`, whose last part may be `*`. */
export interface AuditSearch {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  readonly outcome?: string | undefined;
  readonly requestId?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** The last record of the page before. */
  readonly before?: { readonly at: Date; readonly id: string } | undefined;
  readonly limit: number;
}

export interface AuditRecords {
  /** What `write` writes of a record. Long texts are cut. */
  line(this: void, record: NewAuditRecord): RecordLine;
  /**
   * Appends records of any tenants, in one commit but where their contents are large; each row is written under its own tenant. They wait
   * for their place from then on.
   */
  write(lines: readonly RecordLine[]): Promise<void>;
  /** Newest first, at most `limit`. */
  list(tenantId: string, limit: number): Promise<readonly AuditRecord[]>;
  /** Newest first; those that wait for their place too. */
  search(tenantId: string, search: AuditSearch): Promise<readonly UnsequencedRecord[]>;
  /** What was said, encrypted as it was appended; null when nothing was kept, undefined when there is no such record. */
  content(tenantId: string, id: string): Promise<Uint8Array | null | undefined>;
  /** One tenant's records after a place in its log, up to another, in order. */
  log(tenantId: string, after: number, upTo: number): Promise<readonly SequencedAuditRecord[]>;
  /** Every tenant's records after a position, in order. What has been retired is passed over. */
  sequenced(after: number, limit: number): Promise<readonly SequencedAuditRecord[]>;
  /** The position of the newest record that has its place; 0 before the first. */
  lastPosition(): Promise<number>;
}
