import { buildCommand } from "@stricli/core";
import { parseKubernetesVersion } from "#lib/command-line.ts";
import type { CheckOptions } from "#manifests/run-check.ts";

/** `slipway check-manifests` */
export const checkManifests = buildCommand({
  loader: async () => {
    const { runCheckManifests } = await import("#manifests/run-check.ts");
    return async (flags: CheckOptions, ...paths: string[]) => {
      process.exitCode = await runCheckManifests(flags, paths);
    };
  },
  parameters: {
    flags: {
      format: { kind: "enum", values: ["text", "json", "sarif"], default: "text", brief: "How findings are printed" },
      fix: {
        kind: "boolean",
        default: false,
        withNegated: false,
        brief: "Mend in the files what can be mended without judgement",
      },
      failOn: {
        kind: "enum",
        values: ["error", "warning", "info", "never"],
        default: "warning",
        brief: "The least severity that ends with exit code 1",
      },
      kubernetesVersion: {
        kind: "parsed",
        parse: parseKubernetesVersion,
        optional: true,
        placeholder: "1.N",
        brief: "The cluster's version: APIs that are removed later are left alone (default: every removal counts)",
      },
      listRules: {
        kind: "boolean",
        default: false,
        withNegated: false,
        brief: "Print all rules with their sources, and check nothing",
      },
    },
    positional: {
      kind: "array",
      parameter: { parse: String, brief: "Files and folders, or - for standard input", placeholder: "path" },
    },
  },
  docs: {
    brief: "Find dated and dangerous practice in anybody's deployment files",
    fullDescription:
      "Kubernetes, Cloud Run, Compose, Dockerfiles, GitHub Actions, Cloud Build, CloudFormation, SAM, ECS, scripts, Prometheus rules and slipway.yaml. Ends with 0 when nothing of the severity of --fail-on was found, 1 when something was, 2 when it was called wrongly. A comment `# slipway: ignore RULE` switches a rule off for its line.",
  },
});
