import type { Place } from "../finding.ts";

/** One command line of a script, continuation lines joined. */
export interface ShellLine extends Place {
  readonly text: string;
  /** Where its text begins in the file, when the file's text and this text agree letter by letter; else -1. */
  readonly offset: number;
}

/** A script, wherever it stands: a file, a step, an argument of a container. */
export interface Shell extends Place {
  readonly lines: readonly ShellLine[];
  /** What it stands in: a script file, a pipeline's step, an image's build or a container's start. */
  readonly where: "script" | "workflow" | "cloudbuild" | "dockerfile" | "container";
  /** All of it, for questions about the whole. */
  readonly text: string;
}

/** Cuts a script into lines. `line` is the file's line of its first one, `offset` its place there (-1: unknown). */
export function readShell(file: string, text: string, line: number, where: Shell["where"], offset = -1): Shell {
  const lines: ShellLine[] = [];
  let joined = "";
  let first = line;
  let start = offset;
  let at = offset;
  for (const [index, raw] of text.split("\n").entries()) {
    if (joined === "") {
      first = line + index;
      start = at;
    }
    if (at !== -1) at += raw.length + 1;
    const written = raw.trimEnd();
    if (written.endsWith("\\")) {
      joined += `${written.slice(0, -1)} `;
      // What was joined is no stretch of the file any more.
      start = -1;
      if (joined.length < 20_000) continue;
    }
    const whole = joined + (written.endsWith("\\") ? "" : written);
    joined = "";
    if (whole.trim() !== "" && !/^\s*#/.test(whole)) lines.push({ file, line: first, text: whole, offset: start });
  }
  if (joined.trim() !== "") lines.push({ file, line: first, text: joined, offset: -1 });
  return { file, line, lines, where, text: lines.map((each) => each.text).join("\n") };
}
