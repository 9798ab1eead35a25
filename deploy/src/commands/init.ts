import { buildCommand } from "@stricli/core";
import type { InitFlags } from "#local/init.ts";

const optional = (placeholder: string, brief: string) =>
  ({ kind: "parsed", parse: String, optional: true, placeholder, brief }) as const;

/** `slipway init` */
export const init = buildCommand({
  loader: async () => {
    const { runInit } = await import("#local/init.ts");
    return async (flags: InitFlags) => {
      await runInit(flags);
    };
  },
  parameters: {
    flags: {
      out: { kind: "parsed", parse: String, default: "slipway.yaml", placeholder: "FILE", brief: "The file to write" },
      name: optional("NAME", "The system's name"),
      target: optional("TARGET", "The platform of production: kubernetes or compose"),
      provider: optional("NAME", "Whose Kubernetes: gke, eks, aks or generic"),
      host: optional("HOST", "The public host name; none: private"),
      image: optional("IMAGE", "The server's image"),
      yes: { kind: "boolean", default: false, withNegated: false, brief: "Ask nothing: flags and defaults" },
      force: { kind: "boolean", default: false, withNegated: false, brief: "Replace a file that is there" },
    },
  },
  docs: { brief: "Ask a few questions and write a slipway.yaml that is right" },
});
