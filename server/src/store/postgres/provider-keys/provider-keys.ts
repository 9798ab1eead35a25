import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ProviderKeys } from "../../provider-keys.ts";
import type { Database } from "../database.ts";
import { violates } from "../errors.ts";
import { listProviderKeys } from "./list.ts";
import { putProviderKey } from "./put.ts";
import { removeProviderKey } from "./remove.ts";
import { sealedProviderKey } from "./sealed.ts";

export function createProviderKeys(database: Database): ProviderKeys {
  return {
    async put(tenantId, key) {
      try {
        const [stored] = await database.asTenant(tenantId, putProviderKey(tenantId, key));
        if (stored) return stored;
      } catch (error) {
        if (!violates(error, "foreign_key")) throw error;
        throw new SlipwayError("not_found", "There is no such tenant.", { cause: error });
      }
      throw new SlipwayError("internal", "The database stored a key and did not answer it.");
    },
    list: (tenantId) => database.asTenant(tenantId, listProviderKeys(tenantId)),
    async sealed(tenantId, provider, version) {
      const [row] = await database.asTenant(tenantId, sealedProviderKey(tenantId, provider, version));
      return row?.sealed;
    },
    async remove(tenantId, provider) {
      const removed = await database.asTenant(tenantId, removeProviderKey(tenantId, provider));
      return removed.length > 0;
    },
  };
}
