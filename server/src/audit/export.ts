import { toHex } from "@slipway/contracts/audit/bytes.ts";
import type {
  ExportCheckpoint,
  ExportHeader,
  ExportLine,
  ExportRecord,
  ExportStart,
} from "@slipway/contracts/audit/export.ts";
import type { AuditCheckpoint } from "#store/audit-chain.ts";
import type { SequencedAuditRecord } from "#store/audit-records.ts";
import type { Store } from "#store/store.ts";
import { entryOf } from "./entry-of.ts";

/** A record as an export's line. */
function exportRecord(record: SequencedAuditRecord): ExportRecord {
  return { type: "record", entry: entryOf(record, record.seq), chainHash: toHex(record.chainHash) };
}

function exportCheckpoint(checkpoint: Pick<AuditCheckpoint, "note">): ExportCheckpoint {
  return { type: "checkpoint", checkpoint: checkpoint.note };
}

function exportStart({ note, peaks, chainHash }: AuditCheckpoint): ExportStart {
  const split = Array.from({ length: peaks.length / 32 }, (_, at) => toHex(peaks.subarray(32 * at, 32 * at + 32)));
  return { type: "start", checkpoint: note, peaks: split, chainHash: toHex(chainHash) };
}

const PAGE = 1000;

/**
 * A tenant's log up to its newest checkpoint, line by line. It begins with the first record, or, when the oldest were removed, at
 * the first checkpoint behind which every record is there. Nothing when nothing was signed yet.
 */
export async function* exportLog(
  store: Pick<Store, "auditChain" | "auditRecords">,
  tenantId: string,
): AsyncGenerator<ExportLine> {
  const { auditChain, auditRecords } = store;
  const latest = await auditChain.latestCheckpoint(tenantId);
  if (!latest) return;
  const header: ExportHeader = {
    type: "header",
    format: "slipway-audit-export/1",
    tenantId,
    checkpoint: latest.note,
  };
  yield header;
  const gone = ((await auditChain.firstSeq(tenantId)) ?? latest.size + 1) - 1;
  let at = 0;
  if (gone > 0) {
    const [start] = await auditChain.checkpoints(tenantId, gone - 1, 1);
    if (!start) return;
    yield exportStart(start);
    at = start.size;
  }
  while (at < latest.size) {
    // Records that are missing are for whoever verifies the export to find.
    const until = Math.min(at + PAGE, latest.size);
    const page = await auditRecords.log(tenantId, at, until);
    const notes = await checkpointsBetween(auditChain, tenantId, at, until);
    for (const record of page) {
      yield exportRecord(record);
      const note = notes.get(record.seq);
      if (note !== undefined) yield note;
    }
    at = until;
  }
}

async function checkpointsBetween(
  chain: Store["auditChain"],
  tenantId: string,
  after: number,
  until: number,
): Promise<ReadonlyMap<number, ExportCheckpoint>> {
  const found = await chain.checkpoints(tenantId, after, until - after);
  return new Map(found.map((checkpoint) => [checkpoint.size, exportCheckpoint(checkpoint)]));
}
