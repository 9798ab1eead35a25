/** A stretch of an answer: prose, or the inside of a code fence. */
export type Segment =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "code"; readonly language: string; readonly text: string };

/** An opening fence as CommonMark defines it (https://spec.commonmark.org/0.31.2/#fenced-code-blocks). */
const OPENING = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*$/;

/**
 * Splits a text at its code fences. Nothing is lost but the fence lines and the line breaks next to them; a fence that is not closed yet runs to the
 * end, so that code looks like code while it is still being written.
 */
export function splitSegments(text: string): Segment[] {
  const segments: Segment[] = [];
  let prose: string[] = [];
  let code: { readonly fence: string; readonly language: string; readonly lines: string[] } | undefined;
  const endProse = (): void => {
    const joined = prose.join("\n");
    if (joined.trim() !== "") segments.push({ kind: "text", text: joined.replace(/^\n+|\n+$/g, "") });
    prose = [];
  };
  const endCode = (): void => {
    if (code !== undefined) segments.push({ kind: "code", language: code.language, text: code.lines.join("\n") });
    code = undefined;
  };
  for (const line of text.split("\n")) {
    if (code === undefined) {
      const opening = OPENING.exec(line);
      if (opening === null) {
        prose.push(line);
      } else {
        endProse();
        code = { fence: opening[1] ?? "```", language: opening[2] ?? "", lines: [] };
      }
    } else if (closes(line, code.fence)) {
      endCode();
    } else {
      code.lines.push(line);
    }
  }
  endCode();
  endProse();
  return segments;
}

/** A closing fence: of the same character, at least as long as the opening one, alone on its line. */
function closes(line: string, fence: string): boolean {
  const trimmed = line.trim();
  return (
    trimmed.length >= fence.length && trimmed === (fence[0] ?? "`").repeat(trimmed.length) && !/^(?: {4}|\t)/.test(line)
  );
}
