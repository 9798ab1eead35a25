import type { Edit, Found } from "./finding.ts";

/**
 * The text with the edits of its findings made, and how many. Edits that overlap one already made are left for the next
 * run, as what they were worked out from has changed.
 */
export function applyFixes(text: string, found: readonly Found[]): { readonly text: string; readonly fixed: number } {
  const edits = found.flatMap(({ edit }) => (edit === undefined ? [] : [edit])).sort((a, b) => a.start - b.start);
  const pieces: string[] = [];
  let at = 0;
  let fixed = 0;
  let last: Edit | undefined;
  for (const edit of edits) {
    if (last !== undefined && (edit.start < at || (edit.start === last.start && edit.end === last.end))) continue;
    pieces.push(text.slice(at, edit.start), edit.text);
    at = edit.end;
    last = edit;
    fixed += 1;
  }
  return { text: pieces.join("") + text.slice(at), fixed };
}
