import type { RecordLine } from "../../record-line.ts";

/**
 * Characters that one statement carries. What was said is in the lines as base64; they go as one JSON text, of which JavaScript makes no more
 * than 512 MiB and PostgreSQL takes no more than 256. This much is written within a second or two.
 */
const MOST_LENGTH = 22 * 1024 * 1024;

/** The lines in their order, in pieces that one statement can carry each; one that is longer goes alone. */
export function inPieces(lines: readonly RecordLine[], mostLength = MOST_LENGTH): readonly (readonly RecordLine[])[] {
  const pieces: (readonly RecordLine[])[] = [];
  let from = 0;
  let length = 0;
  for (let at = 0; at < lines.length; at += 1) {
    const size = lines[at]?.text.length ?? 0;
    if (at > from && length + size > mostLength) {
      pieces.push(lines.slice(from, at));
      from = at;
      length = 0;
    }
    length += size;
  }
  if (from === 0) return lines.length === 0 ? [] : [lines];
  return [...pieces, lines.slice(from)];
}
