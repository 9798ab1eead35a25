import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Threads } from "../../threads.ts";
import type { Database } from "../database.ts";
import { violates } from "../errors.ts";
import { createThread } from "./create.ts";
import { getThread } from "./get.ts";
import { listThreads } from "./list.ts";

export function createThreads(database: Database): Threads {
  return {
    async create(tenantId, thread) {
      try {
        const [stored] = await database.asTenant(tenantId, createThread(tenantId, thread));
        if (stored) return stored;
      } catch (error) {
        throw asDomainError(error);
      }
      throw new SlipwayError("internal", "The database stored a thread and did not answer it.");
    },
    async get(tenantId, threadId) {
      const [stored] = await database.asTenant(tenantId, getThread(tenantId, threadId));
      return stored;
    },
    list: (tenantId, page) => database.asTenant(tenantId, listThreads(tenantId, page)),
  };
}

function asDomainError(error: unknown): unknown {
  if (violates(error, "unique"))
    return new SlipwayError("conflict", "There is a thread with this id already.", { cause: error });
  if (violates(error, "foreign_key"))
    return new SlipwayError("not_found", "There is no such tenant.", { cause: error });
  return error;
}
