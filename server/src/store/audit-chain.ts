import type { UnsequencedRecord } from "./audit-records.ts";

/** Where a record comes in its tenant's log and in the order of all. */
export interface ChainLink {
  readonly seq: number;
  readonly position: number;
  readonly id: string;
  readonly recordHash: Uint8Array;
  readonly chainHash: Uint8Array;
}

/** A signed state of a tenant's log. */
export interface AuditCheckpoint {
  /** Records that it covers, from the first. */
  readonly size: number;
  /** The position of the last of them. */
  readonly position: number;
  readonly root: Uint8Array;
  readonly chainHash: Uint8Array;
  /** Roots of the tree's whole subtrees, largest first, 32 bytes each. */
  readonly peaks: Uint8Array;
  /** The signed note. */
  readonly note: string;
  readonly at: Date;
}

/** The end of a tenant's log: the newest link, or the checkpoint when the records before it are gone. */
export interface LogEnd {
  readonly seq: number;
  readonly chainHash: Uint8Array;
}

/**
 * The order of audit records. Any process may put records in order; of two that try it at once, one succeeds, because both would
 * write the same places.
 */
export interface AuditChain {
  /** Takes or keeps the turn for `leaseMs`; false while another holds it. */
  lease(holder: string, leaseMs: number): Promise<boolean>;
  /** Gives the turn back. */
  release(holder: string): Promise<void>;
  /** The oldest records that wait for their place: which tenant's, in the order of their arrival. */
  pending(limit: number): Promise<readonly { readonly tenantId: string; readonly id: string }[]>;
  /** What these records say. */
  read(tenantId: string, ids: readonly string[]): Promise<readonly UnsequencedRecord[]>;
  /** Undefined before the tenant's first record. */
  end(tenantId: string): Promise<LogEnd | undefined>;
  /** The links from `after` + 1 on, in order. */
  links(tenantId: string, after: number, limit: number): Promise<readonly ChainLink[]>;
  /** Puts records in their places, all or none; false when another sequencer took one of the places first. */
  append(links: ReadonlyMap<string, readonly ChainLink[]>): Promise<boolean>;
  /** Keeps a checkpoint; one of the same size that is there stays. */
  addCheckpoint(tenantId: string, checkpoint: Omit<AuditCheckpoint, "at">): Promise<void>;
  /** With a size above `after`, ascending. */
  checkpoints(tenantId: string, after: number, limit: number): Promise<readonly AuditCheckpoint[]>;
  latestCheckpoint(tenantId: string): Promise<AuditCheckpoint | undefined>;
  /** Tenants whose log has grown since its newest checkpoint. */
  unsigned(limit: number): Promise<readonly string[]>;
  /** Tenants whose log begins with a segment that ends at a checkpoint from before `before`, and at or below the position. */
  retirable(
    before: Date,
    below: number | undefined,
    limit: number,
  ): Promise<readonly { readonly tenantId: string; readonly size: number }[]>;
  /** Removes at most `limit` records of a log up to a checkpoint's size, oldest first; the checkpoint stays. Answers how many. */
  retire(tenantId: string, size: number, limit: number): Promise<number>;
  /** The first record that is there; undefined when there is none. */
  firstSeq(tenantId: string): Promise<number | undefined>;
}
