import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../tools/bundle/bundle.ts";
import { positive, say } from "./lib/arguments.ts";
import { machine } from "./lib/cores.ts";
import { largestExample } from "./lib/render-environments.ts";
import type { RenderedOnce, RenderOnce } from "./lib/render-once.ts";
import { median, rounded } from "./lib/stats.ts";
import { table } from "./lib/table.ts";

/*
 * How long rendering takes, all targets of the largest example, in a process that has just started: nothing of it was loaded,
 * and nothing compiled by the JIT before. Without and with the check that `slipway render` makes. Once as it is run, bundled by
 * what the launcher bundles the command with (tools/bundle/bundle.ts), and once from the sources, in turn. And `./slipway --help`
 * and `./slipway render` of one environment, from the start of the launcher to its end, beside an empty Node.
 *
 *   ./slipway bench render [--runs N] [--json]
 */

const ROOT = join(import.meta.dirname, "..");
const SOURCE = join(import.meta.dirname, "lib/render-once.ts");
const EXAMPLES = join(ROOT, "examples");

function once(file: string, request: RenderOnce): RenderedOnce {
  const input = JSON.stringify(request);
  return JSON.parse(execFileSync(process.execPath, [file], { encoding: "utf8", input })) as RenderedOnce;
}

/** A program from its start to its end, in milliseconds. */
function whole(file: string, args: readonly string[]): number {
  // The launcher gives the command the compile cache that it always has; this program has another one.
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  const began = performance.now();
  execFileSync(file, args, { stdio: "ignore", env: { ...env, SLIPWAY_NODE: process.execPath } });
  return performance.now() - began;
}

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, runs: { type: "string", default: "9" } },
});
const runs = positive("runs", values.runs);
const { example, text, environments } = largestExample(EXAMPLES);
const request = { text, environments };
const folder = mkdtempSync(join(tmpdir(), "slipway-bench-render-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
await bundle({ root: ROOT, entry: SOURCE, folder });
const BUNDLED = join(folder, "main.mjs");
const [first] = environments;
const rendering = ["render", "--spec", join(EXAMPLES, example, "slipway.yaml")];
rendering.push("--env", first?.environment ?? "", "--out", join(folder, "files"));

const times = { empty: [] as number[], help: [] as number[], render: [] as number[] };
const bundled = { plain: [] as RenderedOnce[], checked: [] as RenderedOnce[] };
const source = { plain: [] as RenderedOnce[], checked: [] as RenderedOnce[] };
// The first round bundles the command and fills the compile caches.
for (let index = 0; index <= runs; index += 1) {
  for (const [file, kept] of [
    [BUNDLED, bundled],
    [SOURCE, source],
  ] as const) {
    kept.plain.push(once(file, { ...request, check: false }));
    kept.checked.push(once(file, { ...request, check: true }));
  }
  times.empty.push(whole(process.execPath, ["-e", "0"]));
  times.help.push(whole(join(ROOT, "slipway"), ["--help"]));
  times.render.push(whole(join(ROOT, "slipway"), rendering));
  if (index === 0)
    for (const list of [...Object.values(bundled), ...Object.values(source), ...Object.values(times)]) list.length = 0;
  else
    say(
      `run ${index} of ${runs}: ${bundled.plain.at(-1)?.allMs.toFixed(0)} ms, with the check ${bundled.checked.at(-1)?.allMs.toFixed(0)} ms`,
    );
}

const of = (all: readonly RenderedOnce[], pick: (run: RenderedOnce) => number): number =>
  rounded(median(all.map(pick)), 1);
const figuresOf = ({ plain, checked }: typeof bundled) => ({
  startMs: of(plain, (run) => run.startMs),
  loadMs: of(plain, (run) => run.loadMs),
  readMs: of(plain, (run) => run.readMs),
  allMs: of(plain, (run) => run.allMs),
  mostMs: rounded(Math.max(...plain.map((run) => run.allMs)), 1),
  rulesMs: of(checked, (run) => run.rulesMs),
  withCheckMs: of(checked, (run) => run.allMs),
  mostWithCheckMs: rounded(Math.max(...checked.map((run) => run.allMs)), 1),
  targets: environments.map(({ target, environment }, index) => ({
    target,
    environment,
    files: plain[0]?.targets[index]?.files ?? 0,
    kilobytes: rounded((plain[0]?.targets[index]?.bytes ?? 0) / 1000, 1),
    renderMs: of(plain, (run) => run.targets[index]?.renderMs ?? 0),
    checkMs: of(checked, (run) => run.targets[index]?.checkMs ?? 0),
  })),
});
const now = figuresOf(bundled);
const before = figuresOf(source);
const emptyMs = rounded(median(times.empty), 1);
const helpMs = rounded(median(times.help), 1);
const renderMs = rounded(median(times.render), 1);
if (values.json) {
  const all = { machine: machine(), runs, example, emptyMs, helpMs, renderMs, bundled: now, source: before };
  process.stdout.write(`${JSON.stringify(all)}\n`);
} else {
  const row = (name: string, ...ms: readonly (number | undefined)[]): readonly string[] => [
    name,
    "",
    "",
    ...[0, 1, 2, 3].map((index) => ms[index]?.toFixed(1) ?? ""),
  ];
  const rows = [
    [`${example}, target and environment`, "files", "kB", "render ms", "check ms", "source: render", "check"],
    ...now.targets.map(({ target, environment, files, kilobytes, renderMs: ms, checkMs }, index) => [
      `${target}, ${environment}`,
      String(files),
      kilobytes.toFixed(1),
      ms.toFixed(1),
      checkMs.toFixed(1),
      before.targets[index]?.renderMs.toFixed(1) ?? "",
      before.targets[index]?.checkMs.toFixed(1) ?? "",
    ]),
    row("loading what all targets need, and the rules", now.loadMs, now.rulesMs, before.loadMs, before.rulesMs),
    row("reading the spec", now.readMs, undefined, before.readMs),
    row("all, without and with the check", now.allMs, now.withCheckMs, before.allMs, before.withCheckMs),
    row("the slowest run of all", now.mostMs, now.mostWithCheckMs, before.mostMs, before.mostWithCheckMs),
    row("before the first of it", now.startMs, undefined, before.startMs),
    row("an empty Node, start to end", emptyMs),
    row("./slipway --help, start to end", helpMs),
    row(`./slipway render --env ${first?.environment ?? ""}, start to end`, undefined, renderMs),
  ];
  process.stdout.write([machine(), "", table(rows), ""].join("\n"));
}
