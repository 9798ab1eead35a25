export interface Tenants {
  /** Makes the tenant if it is not there. */
  ensure(tenantId: string, name: string): Promise<void>;
}
