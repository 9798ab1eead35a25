import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";

import { GUARDS } from "./guards/all.ts";
import { fixFormat } from "./guards/format.ts";
import { fixLint } from "./guards/lint.ts";
import { runGuards } from "./guards/run-guards.ts";

// `node tools/check.ts [--fix]`: all guards, one line each, then the whole output of those that are red.

const root = dirname(import.meta.dirname);
const { values } = parseArgs({ options: { fix: { type: "boolean", default: false } } });

if (values.fix) {
  await fixLint(root);
  await fixFormat(root);
}

const start = performance.now();
const reports = await runGuards(root, GUARDS, Math.min(availableParallelism(), 4), ({ ok, name, seconds, summary }) => {
  console.log(`${ok ? "ok  " : "FAIL"}  ${name.padEnd(8)} ${seconds.toFixed(1).padStart(5)} s  ${summary}`);
});
const red = reports.filter(({ ok }) => !ok);
for (const { name, output } of red) console.log(`\n── ${name} ──\n${output}`);
const total = ((performance.now() - start) / 1000).toFixed(1);
console.log(
  red.length === 0
    ? `All ${reports.length} guards are green (${total} s).`
    : `\n${red.length} of ${reports.length} guards are red: ${red.map(({ name }) => name).join(", ")} (${total} s).`,
);
process.exitCode = red.length === 0 ? 0 : 1;
