import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Claim, IdempotencyRecords } from "../../idempotency-records.ts";
import type { Database } from "../database.ts";
import { violates } from "../errors.ts";
import { claimKey } from "./claim.ts";
import { findRecord } from "./find.ts";
import { finishRecord } from "./finish.ts";
import { purgeRecords } from "./purge.ts";
import { releaseKey } from "./release.ts";
import { renewKey } from "./renew.ts";

// A record may be given back between the claim that met it and the look at it.
const CLAIMS = 3;

export function createIdempotencyRecords(database: Database): IdempotencyRecords {
  return {
    async claim(tenantId, holder, request): Promise<Claim> {
      try {
        for (let attempt = 0; attempt < CLAIMS; attempt += 1) {
          const taken = await database.asTenant(tenantId, claimKey(tenantId, holder, request));
          if (taken.length > 0) return { status: "taken" };
          const [found] = await database.asTenant(tenantId, findRecord(tenantId, holder.keyHash));
          if (found?.status === "done") return { ...found, status: "done" };
          if (found) return { status: "running", fingerprint: found.fingerprint };
        }
      } catch (error) {
        throw violates(error, "foreign_key")
          ? new SlipwayError("not_found", "There is no such tenant.", { cause: error })
          : error;
      }
      // Others take it and give it back all the time: to this request it is in use.
      return { status: "running", fingerprint: request.fingerprint };
    },
    async renew(tenantId, holder, leaseMs) {
      return (await database.asTenant(tenantId, renewKey(tenantId, holder, leaseMs))).length > 0;
    },
    async finish(tenantId, holder, answer) {
      return (await database.asTenant(tenantId, finishRecord(tenantId, holder, answer))).length > 0;
    },
    async release(tenantId, holder) {
      await database.asTenant(tenantId, releaseKey(tenantId, holder));
    },
    async purge(tenantId) {
      const [row] = await database.asTenant(tenantId, purgeRecords(tenantId));
      return row?.removed ?? 0;
    },
  };
}
