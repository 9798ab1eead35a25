import type { Tenants } from "../../tenants.ts";
import type { Database } from "../database.ts";
import { ensureTenant } from "./ensure.ts";

export function createTenants(database: Database): Tenants {
  return {
    async ensure(tenantId, name) {
      await database.asTenant(tenantId, ensureTenant(tenantId, name));
    },
  };
}
