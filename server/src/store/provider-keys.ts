/** A key at a model vendor at rest, without the key. */
export interface StoredProviderKey {
  readonly provider: string;
  /** The key's last characters, to tell one from another; empty for short keys. */
  readonly last4: string;
  readonly updatedAt: Date;
}

/** A key as it is put. */
export interface NewProviderKey {
  readonly provider: string;
  readonly version: string;
  /** Encrypted under the tenant's data key. */
  readonly sealed: Uint8Array;
  readonly last4: string;
}

export interface ProviderKeys {
  /** Puts the key in the place of the one that is there. Throws `not_found` when there is no such tenant. */
  put(tenantId: string, key: NewProviderKey): Promise<StoredProviderKey>;
  /** By provider. */
  list(tenantId: string): Promise<readonly StoredProviderKey[]>;
  /** The encrypted key; undefined when there is none of this version any more. */
  sealed(tenantId: string, provider: string, version: string): Promise<Uint8Array | undefined>;
  /** False when the tenant has no key for this provider. */
  remove(tenantId: string, provider: string): Promise<boolean>;
}
