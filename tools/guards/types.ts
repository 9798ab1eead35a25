import { relative } from "node:path";

import { faultResult, type Guard } from "./guard.ts";
import { runTool, type ToolResult } from "./run-tool.ts";
import { sourceFiles, unread } from "./source-files.ts";

/** Each project with its own settings: the console knows the DOM, the rest knows Node. */
const PROJECTS = [".", "console"];
const COMPILER = "node_modules/@typescript/native/bin/tsc";
const LISTED_FILE = /^\/.*\.([cm]?tsx?|json)$/;

/** The type check of every project. A source file that no project includes is a fault. */
export const types: Guard = {
  name: "types",
  async run(root) {
    const results = await Promise.all(
      PROJECTS.map((project) => runTool(root, COMPILER, ["-p", project, "--listFiles"])),
    );
    const read = new Set<string>();
    const faults = results.flatMap((result) => compilerFaults(root, result, read));
    const sources = await sourceFiles(root);
    return faultResult(
      [...faults, ...unread(sources, read, "no tsconfig.json includes it, the type check")],
      `${sources.length} files`,
    );
  },
};

/** What the compiler complains of; the files that it lists go into `read`. */
function compilerFaults(root: string, result: ToolResult, read: Set<string>): string[] {
  const said: string[] = [];
  for (const line of `${result.stdout}\n${result.stderr}`.split("\n")) {
    if (LISTED_FILE.test(line)) read.add(relative(root, line));
    else if (line.trim() !== "") said.push(line);
  }
  if (result.code !== 0 && said.length === 0)
    said.push(`The compiler ended with code ${result.code} and said nothing.`);
  return said;
}
