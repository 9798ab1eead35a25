/** An API key at rest: never the key itself. */
export interface StoredApiKey {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  /** `crypto.hash` of pepper and key, 32 bytes. */
  readonly hash: Uint8Array;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

export interface ApiKeys {
  /** Throws `conflict` when the tenant has a key of this id, `not_found` when there is no such tenant. */
  create(tenantId: string, key: { id: string; name: string; prefix: string; hash: Uint8Array }): Promise<StoredApiKey>;
  /** Newest first, at most 1,000. */
  list(tenantId: string): Promise<readonly StoredApiKey[]>;
  /** False when the tenant has no such key. Revoking twice keeps the first time. */
  revoke(tenantId: string, keyId: string): Promise<boolean>;
}
