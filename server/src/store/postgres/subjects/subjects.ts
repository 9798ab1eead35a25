import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Subjects } from "../../subjects.ts";
import type { Database } from "../database.ts";
import { violates } from "../errors.ts";
import { putWrappedKey } from "./put-wrapped-key.ts";
import { wrappedKey } from "./wrapped-key.ts";

export function createSubjects(database: Database): Subjects {
  async function find(tenantId: string, subject: string): Promise<Uint8Array | undefined> {
    const [row] = await database.asTenant(tenantId, wrappedKey(tenantId, subject));
    return row?.wrappedKey;
  }
  return {
    wrappedKey: find,
    async putWrappedKey(tenantId, subject, key) {
      try {
        await database.asTenant(tenantId, putWrappedKey(tenantId, subject, key));
      } catch (error) {
        throw violates(error, "foreign_key") ? noTenant(error) : error;
      }
      // A second transaction: the one that lost the race does not see the winner's row in its own snapshot.
      const stored = await find(tenantId, subject);
      if (!stored) throw new SlipwayError("internal", "A wrapped key was erased while it was being stored.");
      return stored;
    },
  };
}

function noTenant(cause: unknown): SlipwayError {
  return new SlipwayError("not_found", "There is no such tenant.", { hint: "Make the tenant first.", cause });
}
