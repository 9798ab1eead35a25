/** What is known of a key that somebody wants to use. */
export type Claim =
  /** It is the caller's now. */
  | { readonly status: "taken" }
  /** Another request has it and runs. */
  | { readonly status: "running"; readonly fingerprint: Uint8Array }
  /** It was used; the answer is null when it was too large to keep. */
  | { readonly status: "done"; readonly fingerprint: Uint8Array; readonly answer: Uint8Array | null };

/** Who holds a key. */
export interface Holder {
  /** 32 bytes that stand for the key. */
  readonly keyHash: Uint8Array;
  /** A name that no other holder has. */
  readonly owner: string;
}

/** Requests that take effect once, over all replicas. */
export interface IdempotencyRecords {
  /**
   * Takes the key for `leaseMs` when it is free, has expired, or is left by a holder whose lease is over and who had the same
   * request. Throws `not_found` when there is no such tenant.
   */
  claim(
    tenantId: string,
    holder: Holder,
    request: { readonly fingerprint: Uint8Array; readonly leaseMs: number; readonly ttlMs: number },
  ): Promise<Claim>;
  /** Keeps the key for another `leaseMs`; false when it is the holder's no more. */
  renew(tenantId: string, holder: Holder, leaseMs: number): Promise<boolean>;
  /** Keeps the answer; false when the key is the holder's no more. */
  finish(tenantId: string, holder: Holder, answer: Uint8Array | null): Promise<boolean>;
  /** Gives the key back as if it had never been used. */
  release(tenantId: string, holder: Holder): Promise<void>;
  /** Removes what has expired, at most 1,000 records; answers how many. */
  purge(tenantId: string): Promise<number>;
}
