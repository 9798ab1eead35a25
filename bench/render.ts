import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { positive, say } from "./lib/arguments.ts";
import { machine } from "./lib/cores.ts";
import { largestExample } from "./lib/render-environments.ts";
import type { RenderedOnce, RenderOnce } from "./lib/render-once.ts";
import { median, rounded } from "./lib/stats.ts";
import { table } from "./lib/table.ts";

/*
 * How long rendering takes, all targets of the largest example, in a process that has just started: nothing of it was loaded,
 * and nothing compiled by the JIT before. Without and with the check that `slipway render` makes; and `./slipway --help`.
 *
 *   ./slipway bench render [--runs N] [--json]
 */

const ROOT = join(import.meta.dirname, "..");
const ONCE = join(import.meta.dirname, "lib/render-once.ts");
const EXAMPLES = join(ROOT, "examples");

function once(request: RenderOnce): RenderedOnce {
  const input = JSON.stringify(request);
  return JSON.parse(execFileSync(process.execPath, [ONCE], { encoding: "utf8", input })) as RenderedOnce;
}

/** From the start of the launcher to its end, in milliseconds. */
function help(): number {
  const began = performance.now();
  execFileSync(join(ROOT, "slipway"), ["--help"], {
    stdio: "ignore",
    env: { ...process.env, SLIPWAY_NODE: process.execPath },
  });
  return performance.now() - began;
}

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, runs: { type: "string", default: "9" } },
});
const runs = positive("runs", values.runs);
const { example, text, environments } = largestExample(EXAMPLES);
const request = { text, environments };
once({ ...request, check: true }); // Fills the compile cache.
help();
const plain: RenderedOnce[] = [];
const checked: RenderedOnce[] = [];
const helps: number[] = [];
for (let index = 0; index < runs; index += 1) {
  plain.push(once({ ...request, check: false }));
  checked.push(once({ ...request, check: true }));
  helps.push(help());
  say(
    `run ${index + 1} of ${runs}: ${plain.at(-1)?.allMs.toFixed(0)} ms, with the check ${checked.at(-1)?.allMs.toFixed(0)} ms`,
  );
}

const of = (all: readonly RenderedOnce[], pick: (run: RenderedOnce) => number): number =>
  rounded(median(all.map(pick)), 1);
const targets = environments.map(({ target, environment }, index) => ({
  target,
  environment,
  files: plain[0]?.targets[index]?.files ?? 0,
  kilobytes: rounded((plain[0]?.targets[index]?.bytes ?? 0) / 1000, 1),
  renderMs: of(plain, (run) => run.targets[index]?.renderMs ?? 0),
  checkMs: of(checked, (run) => run.targets[index]?.checkMs ?? 0),
}));
const figures = {
  startMs: of(plain, (run) => run.startMs),
  loadMs: of(plain, (run) => run.loadMs),
  readMs: of(plain, (run) => run.readMs),
  allMs: of(plain, (run) => run.allMs),
  mostMs: rounded(Math.max(...plain.map((run) => run.allMs)), 1),
  rulesMs: of(checked, (run) => run.rulesMs),
  withCheckMs: of(checked, (run) => run.allMs),
  helpMs: rounded(median(helps), 1),
};
if (values.json) {
  process.stdout.write(`${JSON.stringify({ machine: machine(), runs, example, ...figures, targets })}\n`);
} else {
  const row = (name: string, ms: number, checkMs?: number): readonly string[] => [
    name,
    "",
    "",
    ms.toFixed(1),
    checkMs?.toFixed(1) ?? "",
  ];
  const rows = [
    [`${example}, target and environment`, "files", "kB", "render ms", "check ms"],
    ...targets.map(({ target, environment, files, kilobytes, renderMs, checkMs }) => [
      `${target}, ${environment}`,
      String(files),
      kilobytes.toFixed(1),
      renderMs.toFixed(1),
      checkMs.toFixed(1),
    ]),
    row("loading what all targets need, and the rules", figures.loadMs, figures.rulesMs),
    row("reading the spec", figures.readMs),
    row("all, without the check", figures.allMs),
    row("the slowest run of all, without the check", figures.mostMs),
    row("all, with the check", figures.withCheckMs),
    row("before the first of it: an empty Node's start", figures.startMs),
    row("./slipway --help", figures.helpMs),
  ];
  process.stdout.write([machine(), "", table(rows), ""].join("\n"));
}
