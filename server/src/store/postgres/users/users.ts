import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Users } from "../../users.ts";
import type { Database } from "../database.ts";
import { keepsLastOwner, violates } from "../errors.ts";
import { createUser } from "./create.ts";
import { getUser } from "./get.ts";
import { listUsers } from "./list.ts";
import { lockUser, removeUser } from "./remove.ts";
import { updateUser } from "./update.ts";

export function createUsers(database: Database): Users {
  return {
    async create(tenantId, user) {
      try {
        const [stored] = await database.asTenant(tenantId, createUser(tenantId, user));
        if (stored) return stored;
      } catch (error) {
        if (violates(error, "foreign_key"))
          throw new SlipwayError("not_found", "There is no such tenant.", { cause: error });
        if (!violates(error, "unique")) throw error;
        throw new SlipwayError("conflict", "The tenant has a user with this email already.", {
          param: "email",
          cause: error,
        });
      }
      throw new SlipwayError("internal", "The database stored a user and did not answer it.");
    },
    list: (tenantId) => database.asTenant(tenantId, listUsers(tenantId)),
    async get(tenantId, userId) {
      const [found] = await database.asTenant(tenantId, getUser(tenantId, userId));
      return found;
    },
    async update(tenantId, userId, change) {
      const [updated] = await database
        .asTenant(tenantId, updateUser(tenantId, userId, change))
        .catch((error: unknown) => Promise.reject(asDomainError(error)));
      return updated;
    },
    async remove(tenantId, userId) {
      // The second statement sees what was made of the user until the first had it.
      const [, removed] = await database
        .asTenants([
          { tenantId, statement: lockUser(tenantId, userId) },
          { tenantId, statement: removeUser(tenantId, userId) },
        ])
        .catch((error: unknown) => Promise.reject(asDomainError(error)));
      return removed !== undefined && removed.length > 0;
    },
  };
}

function asDomainError(error: unknown): Error {
  if (keepsLastOwner(error)) {
    return new SlipwayError("last_owner", "The tenant would be left without an owner.", {
      hint: "Make another user an owner first.",
      cause: error,
    });
  }
  return error instanceof Error ? error : new Error("the database failed", { cause: error });
}
