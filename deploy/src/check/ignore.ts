import type { InputFile } from "./sources/read-file.ts";

/** `# slipway: ignore rule-id, other-id because …`, for its own line, or for the next one when it stands alone. */
const MARK = /(?:#|\/\/)\s*slipway:\s*ignore\s+([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)/;

/** Whether a rule is switched off at a place by a comment in the file. */
export function ignored(files: readonly InputFile[]): (file: string, line: number, rule: string) => boolean {
  const marks = new Map<string, ReadonlyMap<number, readonly string[]>>();
  for (const { path, text } of files) {
    if (!text.includes("slipway: ignore")) continue;
    const lines = new Map<number, readonly string[]>();
    for (const [index, line] of text.split("\n").entries()) {
      const rules = MARK.exec(line)?.[1]?.split(/\s*,\s*/);
      if (rules !== undefined) lines.set(/^\s*(#|\/\/)/.test(line) ? index + 2 : index + 1, rules);
    }
    marks.set(path, lines);
  }
  return (file, line, rule) => marks.get(file)?.get(line)?.includes(rule) ?? false;
}
