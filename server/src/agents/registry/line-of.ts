/** The line, from 1, of a place in a text. */
export function lineAt(source: string, index: number): number {
  return source.slice(0, index).split("\n").length;
}

/** The line, from 1, of the first place that matches; undefined when none does. */
export function lineMatching(source: string, pattern: RegExp): number | undefined {
  const index = source.search(pattern);
  return index === -1 ? undefined : lineAt(source, index);
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/**
 * The line of a property of the exported definition, or of the nearest one around it that is written in the file. It reads the
 * text and not the syntax: near enough to send a person to, and never a reason to fail.
 */
export function lineOfProperty(source: string, path: readonly PropertyKey[]): number {
  let index = Math.max(source.search(/\bdefineAgent\s*\(|\bexport\s+default\b/), 0);
  for (const key of path) {
    const rest = source.slice(index);
    const found = new RegExp(String.raw`(?<=[{,\s])["']?${escape(String(key))}["']?\s*[:(,}]`).exec(rest);
    if (found === null) break;
    index += found.index;
  }
  return lineAt(source, index);
}
