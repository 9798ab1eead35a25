import { readFile, realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { checkDefinition } from "./check-definition.ts";
import { importModule } from "./import-module.ts";
import type { AgentProblem, FileAgent, LoadedAgent } from "./loaded-agent.ts";
import { locateError } from "./locate-error.ts";
import { installModuleHook } from "./module-hook.ts";
import type { FoundAgent } from "./scan.ts";

/** One agent of the folder: ready when `agent` is there, else broken. */
export interface RegistryEntry {
  readonly summary: FileAgent;
  readonly agent: LoadedAgent | undefined;
  readonly fingerprint: string;
}

function ready(agent: LoadedAgent): FileAgent {
  const tools = [...agent.tools.values()].map(({ definition, tool }) => ({
    name: definition.name,
    description: tool.description,
  }));
  return {
    name: agent.name,
    modelId: `agent/${agent.name}`,
    status: "ready",
    description: agent.description,
    model: agent.model ?? null,
    tools,
    source: agent.source,
    error: null,
  };
}

function broken(found: FoundAgent, problem: AgentProblem): FileAgent {
  return {
    name: found.name,
    modelId: `agent/${found.name}`,
    status: "broken",
    description: "",
    model: null,
    tools: [],
    source: found.source,
    error: `${problem.file}:${problem.line}: ${problem.what}`,
  };
}

function defaultExport(module: unknown): unknown {
  return typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
}

/** Imports and checks one agent of the folder `dir`, an absolute path. Never rejects: what is wrong is in the entry. */
export async function loadAgent(dir: string, found: FoundAgent, importTimeoutMs: number): Promise<RegistryEntry> {
  const { fingerprint } = found;
  let file = join(dir, found.source);
  const folders = [{ path: dir, shownAs: "" }];
  try {
    // The loader names a module by its real path, which lies elsewhere when the agent's folder is a link.
    file = await realpath(file);
    if (!file.startsWith(dir + sep)) folders.push({ path: dirname(file), shownAs: found.name });
    for (const { path } of folders) installModuleHook(pathToFileURL(path + sep).href);
    const text = await readFile(file, "utf8");
    const exported = defaultExport(await importModule(file, importTimeoutMs));
    const checked = checkDefinition(exported, { folder: found.name, file: found.source, text });
    if ("agent" in checked) return { summary: ready(checked.agent), agent: checked.agent, fingerprint };
    return { summary: broken(found, checked.problem), agent: undefined, fingerprint };
  } catch (error) {
    return { summary: broken(found, await locateError(error, file, folders)), agent: undefined, fingerprint };
  }
}
