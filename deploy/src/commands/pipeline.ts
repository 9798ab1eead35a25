import { buildCommand } from "@stricli/core";
import { specFlag } from "#lib/spec-flags.ts";
import type { PipelineFlags } from "#local/pipeline-files.ts";

/** `slipway pipeline` */
export const pipeline = buildCommand({
  loader: async () => {
    const { pipelineFiles } = await import("#local/pipeline-files.ts");
    return async (flags: PipelineFlags) => {
      process.stdout.write(await pipelineFiles(flags));
    };
  },
  parameters: {
    flags: {
      spec: specFlag,
      out: { kind: "parsed", parse: String, default: ".", placeholder: "DIR", brief: "The root of the repository" },
      check: { kind: "boolean", default: false, withNegated: false, brief: "Write nothing; fail when files differ" },
    },
  },
  docs: {
    brief: "Write the pipeline that brings commits to their environments",
    fullDescription:
      "GitHub Actions workflows or Cloud Build configurations, from the sections `pipeline` and `environments.NAME.delivery`. Pure: the same spec gives the same bytes, no network, no credentials.",
  },
});
