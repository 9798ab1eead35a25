/** A limit of a tenant's own at rest. */
export interface StoredLimit {
  readonly name: string;
  /** As it was given; checked by whoever reads it. */
  readonly spec: unknown;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface Limits {
  /** Makes the limit or replaces it. Throws `not_found` when there is no such tenant. */
  put(tenantId: string, name: string, spec: object): Promise<StoredLimit & { readonly created: boolean }>;
  /** By name, at most 1,000. */
  list(tenantId: string): Promise<readonly StoredLimit[]>;
  /** False when the tenant has no such limit. */
  remove(tenantId: string, name: string): Promise<boolean>;
}
