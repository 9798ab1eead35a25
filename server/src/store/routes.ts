/** A route of a tenant's own at rest. */
export interface StoredRoute {
  readonly name: string;
  /** As it was given; checked by whoever reads it. */
  readonly spec: unknown;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface Routes {
  /** Makes the route or replaces it. Throws `not_found` when there is no such tenant. */
  put(tenantId: string, name: string, spec: object): Promise<StoredRoute & { readonly created: boolean }>;
  /** By name, at most 1,000. */
  list(tenantId: string): Promise<readonly StoredRoute[]>;
  /** False when the tenant has no such route. */
  remove(tenantId: string, name: string): Promise<boolean>;
}
