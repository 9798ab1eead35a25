import { buildCommand } from "@stricli/core";
import { parseRequests } from "#lib/command-line.ts";
import { environmentFlag, specFlag, targetFlag } from "#lib/spec-flags.ts";
import type { CostFlags } from "#local/cost.ts";

/** `slipway cost` */
export const cost = buildCommand({
  loader: async () => {
    const { costText } = await import("#local/cost.ts");
    return async (flags: CostFlags) => {
      process.stdout.write(await costText(flags));
    };
  },
  parameters: {
    flags: {
      spec: specFlag,
      env: environmentFlag,
      target: targetFlag,
      requestsPerDay: {
        kind: "parsed",
        parse: parseRequests,
        variadic: ",",
        default: ["1000", "100000", "1000000"],
        placeholder: "N,N",
        brief: "Requests a day to estimate for",
      },
      format: { kind: "enum", values: ["text", "json"], default: "text", brief: "How the estimate is printed" },
    },
  },
  docs: {
    brief: "Estimate what an environment costs a month: low, expected, high",
    fullDescription:
      "From measured CPU and memory of a request, assumed traffic, and unit prices with source and date. A price that nobody looked up is unknown and never nothing: a sum without it says `at least`. Needs no network.",
  },
});
