import type { NewAuditRecord } from "../../audit-records.ts";

/**
 * Bytes of contents that one statement carries. They go as base64 in one JSON text, of which JavaScript makes no more than 512 MiB and
 * PostgreSQL takes no more than 256; this much is written within a second or two.
 */
const MOST_BYTES = 16 * 1024 * 1024;

/** The records in their order, in pieces that one statement can carry each; a record that is larger goes alone. */
export function inPieces(
  records: readonly NewAuditRecord[],
  mostBytes = MOST_BYTES,
): readonly (readonly NewAuditRecord[])[] {
  const pieces: (readonly NewAuditRecord[])[] = [];
  let from = 0;
  let bytes = 0;
  for (let at = 0; at < records.length; at += 1) {
    const size = records[at]?.content?.length ?? 0;
    if (at > from && bytes + size > mostBytes) {
      pieces.push(records.slice(from, at));
      from = at;
      bytes = 0;
    }
    bytes += size;
  }
  if (from === 0) return records.length === 0 ? [] : [records];
  return [...pieces, records.slice(from)];
}
