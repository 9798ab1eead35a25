import type { Role } from "@slipway/contracts/permissions.ts";

/** An API key at rest: never the key itself. */
export interface StoredApiKey {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  /** `crypto.hash` of pepper and key, 32 bytes. */
  readonly hash: Uint8Array;
  readonly role: Role;
  /** Names of permissions that the role is narrowed to; null: all of the role's. */
  readonly scopes: readonly string[] | null;
  readonly expiresAt: Date | null;
  /** The user whose key it is; null when it is nobody's. */
  readonly userId: string | null;
  /** To the minute, some time after it happened. */
  readonly lastUsedAt: Date | null;
  readonly rotatedAt: Date | null;
  /** Until when the secret before the last rotation is good too. */
  readonly previousExpiresAt: Date | null;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

/** A key to be stored. */
export interface NewApiKey {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly hash: Uint8Array;
  /** `developer` when absent. */
  readonly role?: Role;
  readonly scopes?: readonly string[] | null;
  readonly expiresAt?: Date | null;
  readonly userId?: string | null;
}

/** What may be changed of a key; what is absent stays. */
export interface ApiKeyChange {
  readonly name?: string;
  readonly role?: Role;
  readonly scopes?: readonly string[] | null;
  readonly expiresAt?: Date | null;
}

/** A secret that takes the place of a key's. */
export interface NewSecret {
  readonly prefix: string;
  readonly hash: Uint8Array;
  /** Seconds for which the old secret stays good, 0 to let it end at once. */
  readonly overlapSeconds: number;
}

/** When a key was last used. */
export interface ApiKeyUse {
  readonly tenantId: string;
  readonly keyId: string;
  readonly at: Date;
}

export interface ApiKeys {
  /** Throws `conflict` when the tenant has a key of this id, `not_found` when there is no such tenant or no such user in it. */
  create(tenantId: string, key: NewApiKey): Promise<StoredApiKey>;
  /** Newest first, at most 1,000. */
  list(tenantId: string): Promise<readonly StoredApiKey[]>;
  get(tenantId: string, keyId: string): Promise<StoredApiKey | undefined>;
  /** Undefined when the tenant has no such key, or it is revoked. */
  update(tenantId: string, keyId: string, change: ApiKeyChange): Promise<StoredApiKey | undefined>;
  /** Undefined when the tenant has no such key, or it is revoked. Of two rotations within an overlap, the oldest secret ends at the second. */
  rotate(tenantId: string, keyId: string, secret: NewSecret): Promise<StoredApiKey | undefined>;
  /** False when the tenant has no such key. Revoking twice keeps the first time. */
  revoke(tenantId: string, keyId: string): Promise<boolean>;
  /** Keeps the latest time of each key; keys that are gone are passed over. */
  recordUses(uses: readonly ApiKeyUse[]): Promise<void>;
}
