import type { Guard } from "./guard.ts";
import { runTool } from "./run-tool.ts";

/** Files, exports and dependencies that nobody uses, and dependencies that nobody declared. */
export const unused: Guard = {
  name: "unused",
  async run(root) {
    const result = await runTool(root, "node_modules/knip/bin/knip.js", [
      "--no-progress",
      "--treat-config-hints-as-errors",
    ]);
    const output = `${result.stdout}${result.stderr}`.trim();
    if (result.code === 0) return { ok: true, summary: "no file, export or dependency", output: "" };
    return { ok: false, summary: "something is unused or undeclared", output };
  },
};
