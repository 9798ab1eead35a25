import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ApiKeys } from "../../api-keys.ts";
import { byTenant } from "../by-tenant.ts";
import type { Database } from "../database.ts";
import { violatedConstraint, violates } from "../errors.ts";
import { createApiKey } from "./create.ts";
import { getApiKey } from "./get.ts";
import { listApiKeys } from "./list.ts";
import { recordApiKeyUses } from "./record-uses.ts";
import { revokeApiKey } from "./revoke.ts";
import { rotateApiKey } from "./rotate.ts";
import { updateApiKey } from "./update.ts";

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
    async get(tenantId, keyId) {
      const [found] = await database.asTenant(tenantId, getApiKey(tenantId, keyId));
      return found;
    },
    async update(tenantId, keyId, change) {
      const [updated] = await database.asTenant(tenantId, updateApiKey(tenantId, keyId, change));
      return updated;
    },
    async rotate(tenantId, keyId, secret) {
      const [rotated] = await database.asTenant(tenantId, rotateApiKey(tenantId, keyId, secret));
      return rotated;
    },
    async revoke(tenantId, keyId) {
      const found = await database.asTenant(tenantId, revokeApiKey(tenantId, keyId));
      return found.length > 0;
    },
    async recordUses(uses) {
      const statements = [...byTenant(uses)].map(([tenantId, own]) => ({
        tenantId,
        statement: recordApiKeyUses(tenantId, own),
      }));
      await database.asTenants(statements);
    },
  };
}

function asDomainError(error: unknown): unknown {
  if (violates(error, "unique"))
    return new SlipwayError("conflict", "There is an API key with this id already.", { cause: error });
  if (!violates(error, "foreign_key")) return error;
  return violatedConstraint(error)?.includes("user_id")
    ? new SlipwayError("not_found", "There is no such user.", { param: "userId", cause: error })
    : new SlipwayError("not_found", "There is no such tenant.", { cause: error });
}
