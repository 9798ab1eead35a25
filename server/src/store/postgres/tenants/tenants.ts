import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Tenants } from "../../tenants.ts";
import type { Database } from "../database.ts";
import { createApiKey } from "../api-keys/create.ts";
import { violates } from "../errors.ts";
import { createTenant } from "./create.ts";
import { ensureTenant } from "./ensure.ts";

export function createTenants(database: Database): Tenants {
  return {
    async ensure(tenantId, name) {
      await database.asTenant(tenantId, ensureTenant(tenantId, name));
    },
    async create(tenantId, name, key) {
      try {
        await database.asTenants([
          { tenantId, statement: createTenant(tenantId, name) },
          { tenantId, statement: createApiKey(tenantId, key) },
        ]);
      } catch (error) {
        if (!violates(error, "unique")) throw error;
        throw new SlipwayError("conflict", "There is a tenant with this id already.", { param: "id", cause: error });
      }
    },
  };
}
