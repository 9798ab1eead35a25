import { buildCommand } from "@stricli/core";
import type { RenderFlags } from "#local/render-files.ts";
import { renderFlags } from "#lib/spec-flags.ts";

/** `slipway eject` */
export const eject = buildCommand({
  loader: async () => {
    const { ejectFiles } = await import("#local/render-files.ts");
    return async (flags: RenderFlags) => {
      const { files, folder } = await ejectFiles(flags);
      process.stdout.write(`${files} files in ${folder}: begin with ${folder}/RUNBOOK.md\n`);
    };
  },
  parameters: {
    flags: renderFlags,
  },
  docs: {
    brief: "Write the files of an environment as your own, with a runbook of the vendor's commands",
    fullDescription:
      "What `slipway render` writes, and RUNBOOK.md: how to bootstrap, deploy, roll back, call and debug without Slipway. The folder must be empty or not there: what is ejected is edited by hand.",
  },
});
