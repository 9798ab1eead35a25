import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** Folders that hold nothing written by hand. */
const SKIPPED = new Set(["node_modules", "dist", "coverage", "__fixtures__", "__generated__", "golden"]);
/** The folders that begin with a dot and are ours. */
const DOTTED = new Set([".ci", ".github"]);

/** Where TypeScript of ours stands. */
export const CODE_FOLDERS = [
  "agents",
  "bench",
  "console",
  "contracts",
  "deploy",
  "examples",
  "server",
  "test",
  "tools",
];

/** Every file below `root` that a person wrote, as paths relative to it with `/`, sorted. Recorded and generated files are left out. */
export async function writtenFiles(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  async function walk(folder: string): Promise<void> {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!SKIPPED.has(entry.name) && (!entry.name.startsWith(".") || DOTTED.has(entry.name))) await walk(path);
      } else if (entry.isFile()) {
        found.push(path);
      }
    }
  }
  await walk("");
  return found.sort();
}

/** The TypeScript among them: what the compiler, the linter and the import guard must all have read. */
export async function sourceFiles(root: string): Promise<readonly string[]> {
  const files = await writtenFiles(root);
  return files.filter((path) => /\.tsx?$/.test(path) && CODE_FOLDERS.includes(path.split("/", 1)[0] ?? ""));
}

/** The source files that a tool has not read, as faults: a guard that reads nothing finds nothing. */
export function unread(sources: readonly string[], read: ReadonlySet<string>, tool: string): string[] {
  return sources.filter((path) => !read.has(path)).map((path) => `${path}: ${tool} has not read this file`);
}
