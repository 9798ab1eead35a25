import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Routes } from "../../routes.ts";
import type { Database } from "../database.ts";
import { violates } from "../errors.ts";
import { listRoutes } from "./list.ts";
import { putRoute } from "./put.ts";
import { removeRoute } from "./remove.ts";

export function createRoutes(database: Database): Routes {
  return {
    async put(tenantId, name, spec) {
      try {
        const [stored] = await database.asTenant(tenantId, putRoute(tenantId, name, spec));
        if (stored) return stored;
      } catch (error) {
        if (!violates(error, "foreign_key")) throw error;
        throw new SlipwayError("not_found", "There is no such tenant.", { cause: error });
      }
      throw new SlipwayError("internal", "The database stored a route and did not answer it.");
    },
    list: (tenantId) => database.asTenant(tenantId, listRoutes(tenantId)),
    async remove(tenantId, name) {
      const removed = await database.asTenant(tenantId, removeRoute(tenantId, name));
      return removed.length > 0;
    },
  };
}
