import { buildCommand } from "@stricli/core";
import { parseRequests } from "#lib/command-line.ts";
import { digestFlag, environmentFlag, specFlag, targetFlag } from "#lib/spec-flags.ts";
import type { PlanFlags } from "#local/plan.ts";

/** `slipway plan` */
export const plan = buildCommand({
  loader: async () => {
    const { runPlan } = await import("#local/plan.ts");
    return async (flags: PlanFlags) => {
      process.exitCode = await runPlan(flags);
    };
  },
  parameters: {
    flags: {
      spec: specFlag,
      env: environmentFlag,
      target: targetFlag,
      digest: digestFlag,
      observed: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "FILE",
        brief: "A recording of what is there, instead of looking at the platform",
      },
      out: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "FILE",
        brief: "Write the plan, for review and apply",
      },
      check: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "FILE",
        brief: "Plan nothing: say whether this plan still holds, and why not",
      },
      requestsPerDay: {
        kind: "parsed",
        parse: parseRequests,
        default: "100000",
        placeholder: "N",
        brief: "For the change of the monthly cost",
      },
      format: { kind: "enum", values: ["text", "json"], default: "text", brief: "How the plan is printed" },
    },
  },
  docs: {
    brief: "Say what would be created, changed and destroyed, with reasons and cost",
    fullDescription:
      "Changes nothing. Only fields that are rendered are compared; values that may be secret are not shown. Ends with 0 when nothing is to be done, 3 when something is, 1 when it failed or the plan of --check is stale, 2 when it was called wrongly.",
  },
});
