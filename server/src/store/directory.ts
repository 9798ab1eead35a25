/** What authentication must know before a tenant is known. */
export interface DirectoryKey {
  readonly tenantId: string;
  readonly keyId: string;
  readonly name: string;
  readonly hash: Uint8Array;
}

/** The one reader across tenants, under a database role of its own that may read these columns and nothing else. */
export interface Directory {
  /** Every key that is not revoked, of every tenant. */
  activeKeys(): Promise<readonly DirectoryKey[]>;
  /** A number that grows whenever a key is made or revoked; cheap to ask. */
  version(): Promise<number>;
}
