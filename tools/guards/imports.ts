import { existsSync } from "node:fs";
import { join } from "node:path";

import { faultResult, type Guard } from "./guard.ts";
import { runTool } from "./run-tool.ts";
import { CODE_FOLDERS, sourceFiles, unread } from "./source-files.ts";

const CRUISER = "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs";

/** The part of dependency-cruiser's JSON report that is read here. */
interface CruiseReport {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
      readonly cycle?: readonly { readonly name: string }[];
      readonly comment?: string;
    }[];
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string; readonly comment?: string }[] };
  };
}

/**
 * The order of the rooms and all else that `.dependency-cruiser.cjs` forbids. Without a TypeScript whose API it knows,
 * dependency-cruiser reads no module and is content; so each source file must stand in its report.
 */
export const imports: Guard = {
  name: "imports",
  async run(root) {
    const folders = CODE_FOLDERS.filter((folder) => existsSync(join(root, folder)));
    const result = await runTool(root, CRUISER, [
      "--config",
      ".dependency-cruiser.cjs",
      "--output-type",
      "json",
      ...folders,
    ]);
    let report: CruiseReport;
    try {
      report = JSON.parse(result.stdout) as CruiseReport;
    } catch {
      return { ok: false, summary: "dependency-cruiser failed", output: `${result.stdout}${result.stderr}`.trim() };
    }
    const why = new Map(report.summary.ruleSetUsed.forbidden.map(({ name, comment }) => [name, comment ?? ""]));
    const faults = report.summary.violations.map(({ from, to, rule, cycle }) => {
      const way = cycle === undefined ? to : cycle.map(({ name }) => name).join(" → ");
      return `${from} → ${way} [${rule.name}]\n    ${why.get(rule.name) ?? ""}`;
    });
    const sources = await sourceFiles(root);
    const read = new Set(report.modules.map(({ source }) => source));
    return faultResult([...faults, ...unread(sources, read, "dependency-cruiser")], `${sources.length} files`);
  },
};
