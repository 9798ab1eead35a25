import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ApiKeys } from "../../api-keys.ts";
import type { Database } from "../database.ts";
import { violates } from "../errors.ts";
import { createApiKey } from "./create.ts";
import { listApiKeys } from "./list.ts";
import { revokeApiKey } from "./revoke.ts";

export function createApiKeys(database: Database): ApiKeys {
  return {
    async create(tenantId, key) {
      try {
        const [stored] = await database.asTenant(tenantId, createApiKey(tenantId, key));
        if (stored) return stored;
      } catch (error) {
        throw asDomainError(error);
      }
      throw new SlipwayError("internal", "The database stored an API key and did not answer it.");
    },
    list: (tenantId) => database.asTenant(tenantId, listApiKeys(tenantId)),
    async revoke(tenantId, keyId) {
      const found = await database.asTenant(tenantId, revokeApiKey(tenantId, keyId));
      return found.length > 0;
    },
  };
}

function asDomainError(error: unknown): unknown {
  if (violates(error, "unique"))
    return new SlipwayError("conflict", "There is an API key with this id already.", { cause: error });
  if (violates(error, "foreign_key"))
    return new SlipwayError("not_found", "There is no such tenant.", { cause: error });
  return error;
}
