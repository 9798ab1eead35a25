/** What authentication must know before a tenant is known. */
export interface DirectoryKey {
  readonly tenantId: string;
  readonly keyId: string;
  readonly name: string;
  readonly hash: Uint8Array;
}

/** A route of a tenant's own, as it was stored. */
export interface DirectoryRoute {
  readonly tenantId: string;
  readonly spec: unknown;
}

/** Numbers that grow whenever something of the kind is made, changed or removed. */
export interface DirectoryVersions {
  readonly keys: number;
  readonly routes: number;
}

/** The one reader across tenants, under a database role of its own that may read these columns and nothing else. */
export interface Directory {
  /** Every key that is not revoked, of every tenant. */
  activeKeys(): Promise<readonly DirectoryKey[]>;
  /** Every route of every tenant, in the order of their names. */
  routes(): Promise<readonly DirectoryRoute[]>;
  /** Cheap to ask. */
  versions(): Promise<DirectoryVersions>;
}
