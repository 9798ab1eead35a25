import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Limits } from "../../limits.ts";
import type { Database } from "../database.ts";
import { violates } from "../errors.ts";
import { listLimits } from "./list.ts";
import { putLimit } from "./put.ts";
import { removeLimit } from "./remove.ts";

export function createLimits(database: Database): Limits {
  return {
    async put(tenantId, name, spec) {
      try {
        const [stored] = await database.asTenant(tenantId, putLimit(tenantId, name, spec));
        if (stored) return stored;
      } catch (error) {
        if (!violates(error, "foreign_key")) throw error;
        throw new SlipwayError("not_found", "There is no such tenant.", { cause: error });
      }
      throw new SlipwayError("internal", "The database stored a limit and did not answer it.");
    },
    list: (tenantId) => database.asTenant(tenantId, listLimits(tenantId)),
    async remove(tenantId, name) {
      const removed = await database.asTenant(tenantId, removeLimit(tenantId, name));
      return removed.length > 0;
    },
  };
}
