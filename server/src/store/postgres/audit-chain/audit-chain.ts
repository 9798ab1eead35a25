import type { AuditChain, ChainStretch } from "../../audit-chain.ts";
import type { Database } from "../database.ts";
import { violates } from "../errors.ts";
import { addCheckpoint, latestCheckpoint, listCheckpoints, unsignedTenants } from "./checkpoints.ts";
import { firstSeq, retirableLogs, retireRecords } from "./retention.ts";
import { chainStretch, endLease, placeRecords, takeLease, waitingRecords } from "./sequencing.ts";

const NOTHING: ChainStretch = { links: 0, position: 0, chainHash: null, recordHashes: new Uint8Array() };

export function createAuditChain(database: Database): AuditChain {
  return {
    async lease(holder, leaseMs) {
      return (await database.asDirectory(takeLease(holder, leaseMs))).length > 0;
    },
    async release(holder) {
      await database.asDirectory(endLease(holder));
    },
    waiting: (limit) => database.asDirectory(waitingRecords(limit)),
    async place(waiting, position) {
      let next = position;
      const statements = waiting.map((own) => {
        const statement = placeRecords(own, next);
        next += own.count;
        return { tenantId: own.tenantId, statement };
      });
      try {
        const placed = await database.asTenants(statements);
        return placed.reduce((sum, [row]) => sum + (row?.placed ?? 0), 0);
      } catch (error) {
        if (violates(error, "unique")) return undefined;
        throw error;
      }
    },
    async stretch(tenantId, after, limit) {
      const [stretch] = await database.asTenant(tenantId, chainStretch(tenantId, after, limit));
      return stretch ?? NOTHING;
    },
    async addCheckpoint(tenantId, checkpoint) {
      await database.asTenant(tenantId, addCheckpoint(tenantId, checkpoint));
    },
    checkpoints: (tenantId, after, limit) => database.asTenant(tenantId, listCheckpoints(tenantId, after, limit)),
    async latestCheckpoint(tenantId) {
      const [checkpoint] = await database.asTenant(tenantId, latestCheckpoint(tenantId));
      return checkpoint;
    },
    async unsigned(after, limit) {
      return (await database.asDirectory(unsignedTenants(after, limit))).map(({ tenantId }) => tenantId);
    },
    retirable: (after, limit, { before, below }) =>
      database.asDirectory(retirableLogs(after, limit, { before, below: below ?? null })),
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
