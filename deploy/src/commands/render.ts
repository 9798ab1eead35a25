import { buildCommand } from "@stricli/core";
import type { RenderFlags } from "#local/render-files.ts";
import { renderFlags } from "#lib/spec-flags.ts";

/** `slipway render` */
export const render = buildCommand({
  loader: async () => {
    const { renderFiles } = await import("#local/render-files.ts");
    return async (flags: RenderFlags) => {
      const { files, folder } = await renderFiles(flags);
      process.stdout.write(`${files} files in ${folder}\n`);
    };
  },
  parameters: {
    flags: renderFlags,
  },
  docs: {
    brief: "Write the files of an environment for its platform",
    fullDescription:
      "Pure: the same spec gives the same bytes, no network, no credentials. Files of an earlier rendering that are not made any more are removed; other files in the folder stay.",
  },
});
