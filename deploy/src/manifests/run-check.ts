import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { check, type Checked } from "#check/check.ts";
import type { Severity } from "#check/finding.ts";
import { applyFixes } from "#check/fix.ts";
import { toJson } from "#check/report/json.ts";
import { rulesPage } from "#check/report/rules-page.ts";
import { toSarif } from "#check/report/sarif.ts";
import { toText } from "#check/report/text.ts";
import { RULES } from "#check/rules/all.ts";
import type { InputFile } from "#check/sources/read-file.ts";
import { inCheckout } from "#lib/checkout.ts";
import { EXIT } from "#lib/command-line.ts";
import { readPaths, readStandardInput } from "./read-paths.ts";

/** What `slipway check-manifests` is asked for. */
export interface CheckOptions {
  readonly format: "text" | "json" | "sarif";
  readonly fix: boolean;
  readonly failOn: Severity | "never";
  readonly kubernetesVersion?: string;
  readonly listRules: boolean;
}

const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2 };

/** Runs the command; answers its exit code. */
export async function runCheckManifests(options: CheckOptions, paths: readonly string[]): Promise<number> {
  if (options.listRules) {
    process.stdout.write(rulesPage());
    return EXIT.done;
  }
  if (paths.length === 0)
    throw new SlipwayError("usage", "Nothing was named to be checked.", {
      hint: "Name files or folders, or - for standard input; --list-rules prints the rules.",
    });
  if (options.fix && paths.includes("-"))
    throw new SlipwayError("usage", "--fix changes files, and standard input is none.", { hint: "Name the file." });
  const read = await readPaths(paths.filter((path) => path !== "-"));
  const files: InputFile[] = [...read.files];
  if (paths.includes("-")) files.push({ path: "-", text: await readStandardInput(process.stdin) });
  const assumptions = {
    today: new Date().toISOString().slice(0, 10),
    ...(options.kubernetesVersion !== undefined && { kubernetes: options.kubernetesVersion }),
  };
  let checked = check(files, assumptions);
  const fixed = options.fix ? await mend(files, checked) : 0;
  if (fixed > 0) checked = check(files, assumptions);
  report(options, checked, read.notes, fixed);
  const least = options.failOn === "never" ? Number.POSITIVE_INFINITY : RANK[options.failOn];
  return checked.found.some(({ finding }) => RANK[finding.severity] >= least) ? EXIT.failed : EXIT.done;
}

/** Writes mended files back and into `files`; answers how many findings were mended. */
async function mend(files: InputFile[], checked: Checked): Promise<number> {
  const byFile = Map.groupBy(checked.found, ({ finding }) => finding.file);
  let fixed = 0;
  for (const [index, { path, text }] of files.entries()) {
    const mended = applyFixes(text, byFile.get(path) ?? []);
    if (mended.fixed === 0) continue;
    await writeFile(path, mended.text);
    files[index] = { path, text: mended.text };
    fixed += mended.fixed;
  }
  return fixed;
}

function report(options: CheckOptions, checked: Checked, unread: Checked["notes"], fixed: number): void {
  const findings = checked.found.map(({ finding }) => finding);
  const notes = [...unread, ...checked.notes];
  if (options.format === "text") {
    const colour = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
    process.stdout.write(toText(findings, { files: checked.files, notes, fixed }, colour));
    return;
  }
  // What was left out has no place in these forms, and must not be taken for clean.
  for (const { file, note } of notes) process.stderr.write(`not looked at: ${file} (${note})\n`);
  if (options.format === "json") process.stdout.write(toJson(findings));
  else {
    const { version } = JSON.parse(readFileSync(inCheckout("package.json"), "utf8")) as { version: string };
    process.stdout.write(toSarif(findings, RULES, version));
  }
}
