import { agentDefinitionSchema, type AgentDefinition } from "@slipway/contracts/agent.ts";
import { lineOfProperty } from "./line-of.ts";
import { type AgentProblem, type LoadedAgent, loadedAgent, type LoadedTool } from "./loaded-agent.ts";
import { toolParameters } from "./tool-schema.ts";

/** Where a definition comes from. */
export interface DefinitionSource {
  readonly folder: string;
  /** Path of the file, relative to the agents folder. */
  readonly file: string;
  readonly text: string;
}

class Wrong extends Error {
  readonly path: readonly PropertyKey[];

  constructor(path: readonly PropertyKey[], what: string) {
    super(what);
    this.path = path;
  }
}

function parse(value: unknown): AgentDefinition {
  const parsed = agentDefinitionSchema.safeParse(value);
  if (parsed.success) return parsed.data as AgentDefinition;
  const [issue, ...others] = parsed.error.issues;
  const path =
    issue === undefined ? [] : [...issue.path, ...(issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [])];
  const name = path.length === 0 ? "the definition" : `\`${path.map(String).join(".")}\``;
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  throw new Wrong(path, `${name}: ${issue?.message ?? "is wrong"}${more}`);
}

function loadTools(definition: AgentDefinition): ReadonlyMap<string, LoadedTool> {
  const tools = new Map<string, LoadedTool>();
  for (const [name, tool] of Object.entries(definition.tools ?? {})) {
    try {
      const parameters = toolParameters(tool.input);
      tools.set(name, { definition: { name, description: tool.description, parameters }, tool });
    } catch (error) {
      throw new Wrong(
        ["tools", name, "input"],
        `\`tools.${name}.input\`: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return tools;
}

function load(exported: unknown, source: DefinitionSource): LoadedAgent {
  if (exported === undefined) throw new Wrong([], "has no default export: write `export default defineAgent({ … })`");
  const definition = parse(exported);
  if (definition.name !== source.folder) {
    throw new Wrong(
      ["name"],
      `\`name\` is "${definition.name}" but the folder is "${source.folder}": they must be the same`,
    );
  }
  return loadedAgent(definition, { tools: loadTools(definition), version: null, source: source.file });
}

/** The agent that an `agent.ts` exports by default, or what is wrong with it. */
export function checkDefinition(
  exported: unknown,
  source: DefinitionSource,
): { readonly agent: LoadedAgent } | { readonly problem: AgentProblem } {
  try {
    return { agent: load(exported, source) };
  } catch (error) {
    const path = error instanceof Wrong ? error.path : [];
    const what = error instanceof Error ? error.message : String(error);
    return { problem: { file: source.file, line: lineOfProperty(source.text, path), what } };
  }
}
