import type { AuditSinks } from "../../audit-sinks.ts";
import type { Database } from "../database.ts";
import { advanceSink } from "./advance.ts";
import { beginSending } from "./begin.ts";
import { claimSink } from "./claim.ts";
import { progressOf } from "./columns.ts";
import { failSink } from "./fail.ts";
import { listSinks } from "./list.ts";
import { releaseSink } from "./release.ts";
import { renewSink } from "./renew.ts";
import { resumeSink } from "./resume.ts";
import { shedRecords } from "./shed.ts";

/** The sinks are the server's, not a tenant's, so the role that belongs to no tenant works their table. */
export function createAuditSinks(database: Database): AuditSinks {
  return {
    async claim(sink, claim) {
      const [row] = await database.asDirectory(claimSink(sink, claim));
      return row && { lease: { sink, fence: row.fence }, progress: progressOf(row) };
    },
    async renew(lease, leaseMs) {
      const [row] = await database.asDirectory(renewSink(lease, leaseMs));
      return row && progressOf(row);
    },
    async release(lease) {
      await database.asDirectory(releaseSink(lease));
    },
    begin: async (lease, sendingTo) => (await database.asDirectory(beginSending(lease, sendingTo))).length > 0,
    advance: async (lease, done) => (await database.asDirectory(advanceSink(lease, done))).length > 0,
    fail: async (lease, failure) => (await database.asDirectory(failSink(lease, failure))).length > 0,
    shed: async (lease, skipped) => (await database.asDirectory(shedRecords(lease, skipped))).length > 0,
    resume: async (sink) => (await database.asDirectory(resumeSink(sink))).length > 0,
    list: () => database.asDirectory(listSinks()),
  };
}
