/** What a guard found. */
export interface GuardResult {
  readonly ok: boolean;
  /** One line for the overview: what was looked at, or how much is wrong. */
  readonly summary: string;
  /** Everything that is wrong, as the tool says it; empty when nothing is. */
  readonly output: string;
}

/** One rule of the house that fails the build. */
export interface Guard {
  readonly name: string;
  /** Looks at the checkout at `root`, an absolute path. Rejects only when it cannot be run at all. */
  run(root: string): Promise<GuardResult>;
}

/** The result of a guard that looks for faults: it is red when there is one. */
export function faultResult(faults: readonly string[], clean: string): GuardResult {
  if (faults.length === 0) return { ok: true, summary: clean, output: "" };
  return { ok: false, summary: faults.length === 1 ? "1 fault" : `${faults.length} faults`, output: faults.join("\n") };
}
