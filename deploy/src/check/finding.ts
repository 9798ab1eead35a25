/** How bad a finding is: `error` breaks or endangers, `warning` will, `info` is worth knowing. */
export const SEVERITIES = ["error", "warning", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One thing that is wrong at one place; the form of `--format json`. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  /** The path as it was given, `-` for standard input. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
  /** What to do, one sentence. */
  readonly fix: string;
  /** The address of the page that says so. */
  readonly source: string;
}

/** A place in a file. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** A change of one stretch of a file's text, in UTF-16 units. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A finding with the change that mends it, when a program may make it. */
export interface Found {
  readonly finding: Finding;
  readonly edit?: Edit;
}
