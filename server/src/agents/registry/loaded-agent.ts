import type { AgentDefinition, AgentTool } from "@slipway/contracts/agent.ts";
import type { AgentSummary } from "@slipway/contracts/api/agents.ts";
import type { ToolDefinition } from "@slipway/contracts/model/request.ts";

/** Bounds of one run with the defaults filled in. */
export interface RunLimits {
  readonly maxSteps: number;
  readonly timeoutSeconds: number;
  readonly maxHistoryMessages: number;
  /** Undefined: the model's own. */
  readonly maxOutputTokens: number | undefined;
}

/** A tool that is ready to be offered and called. */
export interface LoadedTool {
  /** What the model is shown. */
  readonly definition: ToolDefinition;
  readonly tool: AgentTool;
}

/** An agent that passed every check. Immutable: a reload makes another. */
export interface LoadedAgent {
  readonly name: string;
  readonly description: string;
  readonly instructions: string;
  /** Undefined: the server's default model. */
  readonly model: string | undefined;
  readonly tools: ReadonlyMap<string, LoadedTool>;
  readonly limits: RunLimits;
  /** From 1; null for those of files. */
  readonly version: number | null;
  /** Path of its file, relative to the agents folder; `api` for those of tenants' own. */
  readonly source: string;
}

const DEFAULTS = { maxSteps: 8, timeoutSeconds: 300, maxHistoryMessages: 50, maxOutputTokens: undefined };

/** The agent of a definition that has passed its checks, with the defaults filled in. */
export function loadedAgent(
  definition: Omit<AgentDefinition, "tools">,
  beside: Pick<LoadedAgent, "tools" | "version" | "source">,
): LoadedAgent {
  const { name, description, instructions, model, limits } = definition;
  return Object.freeze({
    name,
    description,
    instructions,
    model,
    limits: Object.freeze({ ...DEFAULTS, ...limits }),
    ...beside,
  });
}

/** What is known of an agent of a file, broken or not. */
export type FileAgent = Pick<
  AgentSummary,
  "name" | "modelId" | "status" | "description" | "model" | "tools" | "source" | "error"
>;

/** What is wrong with an agent, and where. */
export interface AgentProblem {
  /** Relative to the agents folder. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** One sentence, one line. */
  readonly what: string;
}
