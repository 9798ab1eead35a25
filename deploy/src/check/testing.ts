import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { InputFile } from "./sources/read-file.ts";

/** Files as they stand in a fixture, and the places where a finding is expected. */
export interface Case {
  readonly files: readonly InputFile[];
  /** `file:line`, sorted. */
  readonly expected: readonly string[];
}

/** The day on which the fixtures are judged. */
export const TODAY = "2026-11-21";

/**
 * The cases of every rule: `=== rule`, then `--- bad path` and `--- good path` with the text below. A line that begins
 * with `! ` is one where the rule must find something; the mark is no part of the text.
 */
export function readFixtures(): ReadonlyMap<string, { readonly bad: Case; readonly good: Case }> {
  const folder = join(import.meta.dirname, "__fixtures__");
  const found = new Map<string, { bad: Case; good: Case }>();
  for (const name of readdirSync(folder).filter((each) => each.endsWith(".txt"))) {
    for (const part of readFileSync(join(folder, name), "utf8").split(/^=== /m).slice(1)) {
      const [rule = ""] = part.split("\n", 1);
      if (found.has(rule)) throw new Error(`two fixtures for ${rule}`);
      found.set(rule, { bad: readCase(part, "bad"), good: readCase(part, "good") });
    }
  }
  return found;
}

/** The files of one side of a fixture. */
export function readCase(part: string, side: string): Case {
  const files: InputFile[] = [];
  const expected: string[] = [];
  for (const section of part.split(/^--- (?=bad |good )/m).slice(1)) {
    const [head = "", ...lines] = section.split("\n");
    const [which, path = ""] = head.split(" ");
    if (which !== side) continue;
    for (const [index, line] of lines.entries()) if (line.startsWith("! ")) expected.push(`${path}:${index + 1}`);
    files.push({ path, text: lines.map((line) => (line.startsWith("! ") ? line.slice(2) : line)).join("\n") });
  }
  return { files, expected: expected.sort() };
}
