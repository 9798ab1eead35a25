import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readSlipwayYaml } from "@slipway/contracts/spec/read-yaml.ts";
import { positive, say } from "./lib/arguments.ts";
import { machine } from "./lib/cores.ts";
import { median, rounded } from "./lib/stats.ts";
import { table } from "./lib/table.ts";

/*
 * How long rendering takes, all targets of the largest example, in a process that has just started: nothing of it was
 * compiled by the JIT before. With and without the check that `slipway render` makes.
 *
 *   ./slipway bench render [--runs N] [--json]
 */

type Once = {
  allMs: number;
  readMs: number;
  taken: { target: string; renderMs: number; checkMs: number; files: number }[];
  left: { target: string; why: string }[];
};

const EXAMPLES = join(import.meta.dirname, "../examples");
const ONCE = join(import.meta.dirname, "lib/render-once.ts");

/** The example with the longest spec, and of its environments the one that most is overridden for: production, or the last. */
function largest(): { file: string; environment: string } {
  const files = readdirSync(EXAMPLES).map((name) => join(EXAMPLES, name, "slipway.yaml"));
  const [file = ""] = files
    .filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined)
    .sort((a, b) => statSync(b).size - statSync(a).size);
  const names = Object.keys(readSlipwayYaml(readFileSync(file, "utf8"), file).spec.environments ?? {});
  return { file, environment: names.includes("production") ? "production" : (names.at(-1) ?? "") };
}

function once(file: string, environment: string, mode: string): Once {
  return JSON.parse(execFileSync(process.execPath, [ONCE, file, environment, mode], { encoding: "utf8" })) as Once;
}

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, runs: { type: "string", default: "9" } },
});
const runs = positive("runs", values.runs);
const { file, environment } = largest();
once(file, environment, "check"); // Fills the compile cache.
const plain: Once[] = [];
const checked: Once[] = [];
for (let index = 0; index < runs; index += 1) {
  plain.push(once(file, environment, "plain"));
  checked.push(once(file, environment, "check"));
  say(
    `run ${index + 1} of ${runs}: ${plain.at(-1)?.allMs.toFixed(0)} ms, with the check ${checked.at(-1)?.allMs.toFixed(0)} ms`,
  );
}
const allMs = rounded(median(plain.map((run) => run.allMs)), 1);
const withCheckMs = rounded(median(checked.map((run) => run.allMs)), 1);
const readMs = rounded(median(plain.map((run) => run.readMs)), 1);
const targets = (checked[0]?.taken ?? []).map(({ target, files }) => {
  const of = (key: "renderMs" | "checkMs"): number =>
    rounded(median(checked.map((run) => run.taken.find((one) => one.target === target)?.[key] ?? 0)), 1);
  return { target, files, renderMs: of("renderMs"), checkMs: of("checkMs") };
});
const left = checked[0]?.left ?? [];
if (values.json) {
  process.stdout.write(
    `${JSON.stringify({ machine: machine(), runs, file, environment, readMs, allMs, withCheckMs, targets, left })}\n`,
  );
} else {
  const rows = [
    [`${file.split("/").at(-2)}, ${environment}`, "files", "render ms", "check ms"],
    ...targets.map(({ target, files, renderMs, checkMs }) => [
      target,
      String(files),
      renderMs.toFixed(1),
      checkMs.toFixed(1),
    ]),
    ["reading the spec", "", readMs.toFixed(1), ""],
    ["all, without the check", "", allMs.toFixed(1), ""],
    ["all, with the check", "", withCheckMs.toFixed(1), ""],
  ];
  const missing = left.map(({ target, why }) => `${target} is left out: ${why}`);
  process.stdout.write([machine(), "", table(rows), "", ...missing, ""].join("\n"));
}
