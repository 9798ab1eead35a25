import { faultResult, type Guard } from "./guard.ts";
import { runTool } from "./run-tool.ts";
import { sourceFiles } from "./source-files.ts";

const LINTER = "node_modules/oxlint/bin/oxlint";

/** The part of the linter's JSON report that is read here. */
interface LintReport {
  readonly diagnostics: readonly {
    readonly message: string;
    readonly code?: string;
    readonly help?: string;
    readonly filename: string;
    readonly labels: readonly { readonly span: { readonly line: number; readonly column: number } }[];
  }[];
  readonly number_of_files: number;
}

/** The linter with its type-aware rules. It must have read as many files as there are sources. */
export const lint: Guard = {
  name: "lint",
  async run(root) {
    const result = await runTool(root, LINTER, ["--format", "json", "--deny-warnings"]);
    const sources = await sourceFiles(root);
    let report: LintReport;
    try {
      report = JSON.parse(result.stdout) as LintReport;
    } catch {
      return { ok: false, summary: "the linter failed", output: `${result.stdout}${result.stderr}`.trim() };
    }
    const faults = report.diagnostics.map(({ filename, labels, message, code, help }) => {
      const at = labels[0]?.span;
      return `${filename}:${at?.line ?? 1}:${at?.column ?? 1}: ${message} [${code ?? "parser"}]${help ? `\n    ${help}` : ""}`;
    });
    if (report.number_of_files < sources.length) {
      faults.push(`The linter has read ${report.number_of_files} files of ${sources.length}.`);
    }
    if (result.code !== 0 && faults.length === 0)
      faults.push(`The linter ended with code ${result.code}. ${result.stderr}`.trim());
    return faultResult(faults, `${report.number_of_files} files`);
  },
};

/** Mends what the linter can mend by itself. */
export async function fixLint(root: string): Promise<void> {
  await runTool(root, LINTER, ["--fix", "--quiet"]);
}
