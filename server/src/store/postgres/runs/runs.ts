import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Runs } from "../../runs.ts";
import type { Database } from "../database.ts";
import { violates } from "../errors.ts";
import { createRun } from "./create.ts";
import { finishRun } from "./finish.ts";
import { getRun } from "./get.ts";
import { toRun } from "./run-row.ts";

export function createRuns(database: Database): Runs {
  return {
    async create(tenantId, run) {
      try {
        const [row] = await database.asTenant(tenantId, createRun(tenantId, run));
        if (row) return toRun(row);
      } catch (error) {
        throw asDomainError(error);
      }
      throw new SlipwayError("internal", "The database stored a run and did not answer it.");
    },
    async finish(tenantId, runId, end) {
      await database.asTenant(tenantId, finishRun(tenantId, runId, end));
    },
    async get(tenantId, runId) {
      const [row] = await database.asTenant(tenantId, getRun(tenantId, runId));
      return row && toRun(row);
    },
  };
}

function asDomainError(error: unknown): unknown {
  if (violates(error, "unique"))
    return new SlipwayError("conflict", "There is a run with this id already.", { cause: error });
  if (violates(error, "foreign_key")) {
    return new SlipwayError("thread_not_found", "There is no such thread.", {
      hint: "Start a new thread, or list those you have.",
      cause: error,
    });
  }
  return error;
}
