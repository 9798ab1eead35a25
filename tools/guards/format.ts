import { faultResult, type Guard } from "./guard.ts";
import { runTool } from "./run-tool.ts";

const FORMATTER = "node_modules/oxfmt/bin/oxfmt";

/** Whether every file is formatted as `.oxfmtrc.json` says. */
export const format: Guard = {
  name: "format",
  async run(root) {
    const result = await runTool(root, FORMATTER, ["--list-different"]);
    const files = result.stdout.split("\n").filter((line) => line !== "");
    if (result.code !== 0 && files.length === 0) {
      return { ok: false, summary: "the formatter failed", output: result.stderr.trim() };
    }
    return faultResult(
      files.map((path) => `${path}: not formatted (./slipway check --fix does it)`),
      "as .oxfmtrc.json says",
    );
  },
};

/** Formats every file. */
export async function fixFormat(root: string): Promise<void> {
  await runTool(root, FORMATTER, ["--write"]);
}
