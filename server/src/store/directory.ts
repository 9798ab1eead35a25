import type { Role } from "@slipway/contracts/permissions.ts";

/** What authentication must know before a tenant is known. */
export interface DirectoryKey {
  readonly tenantId: string;
  readonly keyId: string;
  readonly name: string;
  readonly hash: Uint8Array;
  readonly role: Role;
  readonly scopes: readonly string[] | null;
  readonly expiresAt: Date | null;
  readonly userId: string | null;
  /** The secret before the last rotation, until the time beside it. */
  readonly previousHash: Uint8Array | null;
  readonly previousExpiresAt: Date | null;
}

/** A user that is in force. */
export interface DirectoryUser {
  readonly tenantId: string;
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly disabled: boolean;
}

/** A tenant of the installation. */
export interface DirectoryTenant {
  readonly tenantId: string;
  readonly name: string;
  readonly createdAt: Date;
}

/** A route of a tenant's own, as it was stored. */
export interface DirectoryRoute {
  readonly tenantId: string;
  readonly spec: unknown;
}

/** That a tenant has a key of its own for a provider; the key itself is not in the directory. */
export interface DirectoryProviderKey {
  readonly tenantId: string;
  readonly provider: string;
  readonly version: string;
}

/** A limit of a tenant's own, as it was stored. */
export interface DirectoryLimit {
  readonly tenantId: string;
  readonly spec: unknown;
}

/** That a tenant has an agent of its own, and which version is in force; what it says is not in the directory. */
export interface DirectoryAgent {
  readonly tenantId: string;
  readonly name: string;
  readonly version: number;
  /** SHA-256 in hex. */
  readonly hash: string;
}

/** A console session as every server holds it in memory. */
export interface DirectorySession {
  readonly tenantId: string;
  readonly id: string;
  readonly tokenHash: Uint8Array;
  readonly owner: string;
  readonly caller: unknown;
  readonly idleUntil: Date;
  readonly expiresAt: Date;
  readonly revoked: boolean;
  /** The number of its last change. */
  readonly change: number;
}

/** Numbers that grow whenever something of the kind is made, changed or removed. */
export interface DirectoryVersions {
  /** Of keys and users. */
  readonly keys: number;
  readonly routes: number;
  readonly providerKeys: number;
  readonly limits: number;
  readonly agents: number;
  readonly sessions: number;
}

/** The one reader across tenants, under a database role of its own that may read these columns and nothing else. */
export interface Directory {
  /** Every key that is neither revoked nor expired, of every tenant. */
  activeKeys(): Promise<readonly DirectoryKey[]>;
  /** Every user of every tenant. */
  users(): Promise<readonly DirectoryUser[]>;
  /** The tenants in the order of their ids, at most 1,000, after this one when it is given. */
  tenants(after?: string): Promise<readonly DirectoryTenant[]>;
  /** Every route of every tenant, in the order of their names. */
  routes(): Promise<readonly DirectoryRoute[]>;
  /** Which tenants have keys of their own at model vendors. */
  providerKeys(): Promise<readonly DirectoryProviderKey[]>;
  /** Every limit of every tenant, in the order of their names. */
  limits(): Promise<readonly DirectoryLimit[]>;
  /** Which agents tenants have of their own. */
  agents(): Promise<readonly DirectoryAgent[]>;
  /** Up to `limit` sessions that changed after this number, in the order of their changes; after 0 only those that live. */
  sessionsSince(change: number, limit: number): Promise<readonly DirectorySession[]>;
  /** Cheap to ask. */
  versions(): Promise<DirectoryVersions>;
}
