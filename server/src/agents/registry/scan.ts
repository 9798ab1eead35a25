import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** An agent's folder as it was found. */
export interface FoundAgent {
  readonly name: string;
  /** Path of the agent's file, relative to the agents folder. */
  readonly source: string;
  /** Changes when a file that the agent may be made of changes. */
  readonly fingerprint: string;
}

const AGENT_FILES = ["agent.ts", "agent.js", "agent.mjs"];
const MAX_AGENTS = 1000;
const MAX_FILES = 5000;

async function entriesOf(path: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    // A folder may vanish between being listed and being read.
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}

const isIgnored = (name: string) => name.startsWith(".") || name === "node_modules";

async function isFolder(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const target = await stat(path).catch(() => undefined);
  return target?.isDirectory() ?? false;
}

/** Names, times and sizes of the files below a path, at most {@link MAX_FILES} of them. Links to folders are not followed further. */
async function fingerprint(path: string, budget: { left: number }): Promise<string> {
  const marks: string[] = [];
  for (const entry of await entriesOf(path)) {
    const inner = join(path, entry.name);
    if (isIgnored(entry.name) || budget.left <= 0) continue;
    if (entry.isDirectory()) {
      marks.push(`${entry.name}/(${await fingerprint(inner, budget)})`);
      continue;
    }
    budget.left -= 1;
    const found = await stat(inner).catch(() => undefined);
    if (found?.isFile()) marks.push(`${entry.name}:${found.mtimeMs}:${found.size}:${found.ino}`);
  }
  return marks.sort().join("|");
}

/** The agents of a folder, in order of name; empty when there is no such folder. Folders without an agent's file are no agents. */
export async function scanAgents(dir: string): Promise<readonly FoundAgent[]> {
  const agents: { name: string; source: string; own: string }[] = [];
  const shared: string[] = [];
  const budget = { left: MAX_FILES };
  for (const entry of await entriesOf(dir)) {
    const path = join(dir, entry.name);
    if (isIgnored(entry.name)) continue;
    const folder = await isFolder(entry, path);
    const names = folder ? (await entriesOf(path)).map(({ name }) => name) : [];
    const file = AGENT_FILES.find((name) => names.includes(name));
    if (file !== undefined && agents.length < MAX_AGENTS) {
      agents.push({ name: entry.name, source: `${entry.name}/${file}`, own: await fingerprint(path, budget) });
    } else if (folder) {
      shared.push(`${entry.name}/(${await fingerprint(path, budget)})`);
    } else {
      const found = await stat(path).catch(() => undefined);
      shared.push(`${entry.name}:${found?.mtimeMs ?? 0}:${found?.size ?? 0}`);
    }
  }
  // Agents may share code that lies beside their folders, so a change there concerns them all.
  const common = shared.sort().join("|");
  return agents
    .map(({ name, source, own }) => ({ name, source, fingerprint: `${source}|${own}||${common}` }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
