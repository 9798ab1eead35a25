import type { AgentTool } from "@slipway/contracts/agent.ts";
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
  /** Path of its file, relative to the agents folder. */
  readonly source: string;
}

/** What is wrong with an agent, and where. */
export interface AgentProblem {
  /** Relative to the agents folder. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** One sentence, one line. */
  readonly what: string;
}
