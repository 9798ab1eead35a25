import type { AuditChain } from "../../audit-chain.ts";
import type { Database } from "../database.ts";
import { violates } from "../errors.ts";
import { addCheckpoint, latestCheckpoint, listCheckpoints, unsignedTenants } from "./checkpoints.ts";
import { firstSeq, retirableLogs, retireRecords } from "./retention.ts";
import { appendLinks, endLease, linksAfter, logEnd, pendingRecords, recordsById, takeLease } from "./sequencing.ts";

export function createAuditChain(database: Database): AuditChain {
  return {
    async lease(holder, leaseMs) {
      return (await database.asDirectory(takeLease(holder, leaseMs))).length > 0;
    },
    async release(holder) {
      await database.asDirectory(endLease(holder));
    },
    pending: (limit) => database.asDirectory(pendingRecords(limit)),
    read: (tenantId, ids) => database.asTenant(tenantId, recordsById(tenantId, ids)),
    async end(tenantId) {
      const [end] = await database.asTenant(tenantId, logEnd(tenantId));
      return end;
    },
    links: (tenantId, after, limit) => database.asTenant(tenantId, linksAfter(tenantId, after, limit)),
    async append(links) {
      try {
        await database.asTenants(
          [...links].map(([tenantId, own]) => ({ tenantId, statement: appendLinks(tenantId, own) })),
        );
        return true;
      } catch (error) {
        if (violates(error, "unique")) return false;
        throw error;
      }
    },
    async addCheckpoint(tenantId, checkpoint) {
      await database.asTenant(tenantId, addCheckpoint(tenantId, checkpoint));
    },
    checkpoints: (tenantId, after, limit) => database.asTenant(tenantId, listCheckpoints(tenantId, after, limit)),
    async latestCheckpoint(tenantId) {
      const [checkpoint] = await database.asTenant(tenantId, latestCheckpoint(tenantId));
      return checkpoint;
    },
    async unsigned(limit) {
      return (await database.asDirectory(unsignedTenants(limit))).map(({ tenantId }) => tenantId);
    },
    retirable: (before, below, limit) => database.asDirectory(retirableLogs(before, below ?? null, limit)),
    async retire(tenantId, size, limit) {
      const [row] = await database.asTenant(tenantId, retireRecords(tenantId, size, limit));
      return row?.removed ?? 0;
    },
    async firstSeq(tenantId) {
      const [row] = await database.asTenant(tenantId, firstSeq(tenantId));
      return row?.seq ?? undefined;
    },
  };
}
