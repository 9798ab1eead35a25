import type { NewApiKey } from "./api-keys.ts";

export interface Tenants {
  /** Makes the tenant if it is not there. */
  ensure(tenantId: string, name: string): Promise<void>;
  /** Makes a tenant together with its first key, or neither. Throws `conflict` when there is a tenant of this id. */
  create(tenantId: string, name: string, key: NewApiKey): Promise<void>;
}
