/** Records of a tenant that no place has been given to yet. */
export interface WaitingRecords {
  readonly tenantId: string;
  /** How many, at least one. */
  readonly count: number;
  /** The arrivals of the oldest and the newest of them. */
  readonly oldest: number;
  readonly newest: number;
}

/** A link's place and hash, from which the next one goes on. */
export interface LogEnd {
  /** 0 before the first link. */
  readonly seq: number;
  readonly chainHash: Uint8Array;
}

/** Links of a tenant's log that follow one another. */
export interface ChainStretch {
  /** Links that were looked at: more than there are hashes when one of them does not follow, or is missing before others. */
  readonly links: number;
  /** The position of the last one whose hash is here. */
  readonly position: number;
  /** The chain hash of that one; null when there is none. */
  readonly chainHash: Uint8Array | null;
  /** 32 bytes a link. */
  readonly recordHashes: Uint8Array;
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

/**
 * The order of audit records. Any process may put records in order; of two that try it at once, one succeeds, because both would
 * write the same places.
 */
/** A log of which something may be removed, or nothing. */
export interface RetirableLog {
  readonly tenantId: string;
  /** The size that it had where what may be removed ends; null: nothing may. */
  readonly size: number | null;
  /** There is more behind that, to be asked for when this is gone. */
  readonly more: boolean;
}

export interface AuditChain {
  /** Takes or keeps the turn for `leaseMs`; false while another holds it. */
  lease(holder: string, leaseMs: number): Promise<boolean>;
  /** Gives the turn back. */
  release(holder: string): Promise<void>;
  /** Whose records wait for their places, among the `limit` oldest. */
  waiting(limit: number): Promise<readonly WaitingRecords[]>;
  /**
   * Puts as many of these tenants' oldest waiting records in order, all or none, at positions after `position`. The database hashes and
   * chains them as they lie there. Answers how many; undefined when another sequencer took one of the places first.
   */
  place(waiting: readonly WaitingRecords[], position: number): Promise<number | undefined>;
  /** The links after `after`, as far as they follow. */
  stretch(tenantId: string, after: LogEnd, limit: number): Promise<ChainStretch>;
  /** Keeps a checkpoint; one of the same size that is there stays. */
  addCheckpoint(tenantId: string, checkpoint: Omit<AuditCheckpoint, "at">): Promise<void>;
  /** With a size above `after`, ascending. */
  checkpoints(tenantId: string, after: number, limit: number): Promise<readonly AuditCheckpoint[]>;
  latestCheckpoint(tenantId: string): Promise<AuditCheckpoint | undefined>;
  /** Tenants whose log has grown since its newest checkpoint, by their ids, after this one. */
  unsigned(after: string, limit: number): Promise<readonly string[]>;
  /**
   * The next `limit` tenants that have a log, by their ids, after this one; each with how far the segments go with which its log begins and
   * that end at a checkpoint from before `before`, and at or below the position.
   */
  retirable(
    after: string,
    limit: number,
    of: { readonly before: Date; readonly below: number | undefined },
  ): Promise<readonly RetirableLog[]>;
  /** Removes at most `limit` records of a log up to a checkpoint's size, oldest first; the checkpoint stays. Answers how many. */
  retire(tenantId: string, size: number, limit: number): Promise<number>;
  /** The first record that is there; undefined when there is none. */
  firstSeq(tenantId: string): Promise<number | undefined>;
}
