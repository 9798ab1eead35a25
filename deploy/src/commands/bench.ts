import { readdirSync } from "node:fs";
import { buildCommand } from "@stricli/core";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { inCheckout } from "#lib/checkout.ts";
import { nearest } from "@slipway/contracts/nearest.ts";

/** The benchmarks of this checkout: each file of `bench/` that is no test. */
function benchNames(): readonly string[] {
  return readdirSync(inCheckout("bench"))
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => file.slice(0, -".ts".length))
    .sort();
}

function unknownBench(name: string, names: readonly string[]): SlipwayError {
  const guess = nearest(name, names);
  return new SlipwayError(
    "usage",
    `There is no benchmark "${name}"${guess === undefined ? "." : `, did you mean "${guess}"?`}`,
    {
      hint: names.length === 0 ? "This checkout has none." : `There are: ${names.join(", ")}.`,
    },
  );
}

/** `slipway bench` */
export const bench = buildCommand({
  async func(_flags: object, name: string, ...args: string[]) {
    const names = benchNames();
    if (!names.includes(name)) throw unknownBench(name, names);
    const { runProgram } = await import("#lib/run-program.ts");
    process.exitCode = await runProgram(inCheckout("bench", `${name}.ts`), args);
  },
  parameters: {
    positional: {
      kind: "array",
      minimum: 1,
      parameter: { parse: String, brief: "The benchmark, then its own arguments", placeholder: "name" },
    },
  },
  docs: {
    brief: "Run a benchmark of bench/ and print its figures",
    customUsage: ["router [--json]", "start", "render", "affinity"],
  },
});
