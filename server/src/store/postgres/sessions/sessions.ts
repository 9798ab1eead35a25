import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Sessions } from "../../sessions.ts";
import type { Database } from "../database.ts";
import { violates } from "../errors.ts";
import { createSession } from "./create.ts";
import { revokeSession, revokeSessionsOf } from "./revoke.ts";
import { touchSession } from "./touch.ts";

export function createSessionStore(database: Database): Sessions {
  return {
    async create(tenantId, session, most) {
      try {
        await database.asTenant(tenantId, createSession(tenantId, session, most));
      } catch (error) {
        if (!violates(error, "foreign_key")) throw error;
        throw new SlipwayError("not_found", "There is no such tenant.", { cause: error });
      }
    },
    async touch(tenantId, id, idleUntil) {
      await database.asTenant(tenantId, touchSession(tenantId, id, idleUntil));
    },
    async revoke(tenantId, id) {
      return (await database.asTenant(tenantId, revokeSession(tenantId, id))).length > 0;
    },
    async revokeAll(tenantId, owner) {
      return (await database.asTenant(tenantId, revokeSessionsOf(tenantId, owner))).length;
    },
  };
}
