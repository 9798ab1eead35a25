import { z } from "zod";

/** The schema library that tools describe their input with, re-exported so that agents need no dependency of their own. */
export { z };

/** What a tool is told about the call it serves. */
export interface ToolContext {
  readonly tenantId: string;
  readonly agent: string;
  readonly runId: string;
  readonly threadId: string;
  /** Aborted when the caller leaves or the run's time is up; a tool that waits must listen. */
  readonly signal: AbortSignal;
}

/** A tool of an agent: a function with a described and checked input. */
export interface AgentTool<Input extends z.ZodType = z.ZodType> {
  /** What it does and when to use it; the model reads this. */
  readonly description: string;
  /** The input's zod schema: shown to the model as JSON Schema, and checked before `run` is called. */
  readonly input: Input;
  /** Its answer goes back to the model: text as it is, anything else as JSON. A thrown error is told to the model as the tool's failure. */
  run(input: z.output<Input>, context: ToolContext): unknown;
}

/** Declares a tool with the type of its input inferred. */
export function defineTool<Input extends z.ZodType>(tool: AgentTool<Input>): AgentTool<Input> {
  return tool;
}

/** Bounds of one run. */
export interface AgentLimits {
  /** Model calls in one run, 1 to 100; default 8. */
  readonly maxSteps?: number;
  /** Seconds that one run may take, 1 to 3600; default 300. */
  readonly timeoutSeconds?: number;
  /** Messages of the thread that the model is shown, newest kept, 1 to 1000; default 50. */
  readonly maxHistoryMessages?: number;
  /** Output tokens of each model call. */
  readonly maxOutputTokens?: number;
}

/** What `agents/<name>/agent.ts` exports by default. */
export interface AgentDefinition {
  /** Lower case letters, digits and hyphens; the same as the folder's name. */
  readonly name: string;
  readonly description: string;
  /** The system prompt. */
  readonly instructions: string;
  /** A model name as a client would send it; absent: the server's default model. */
  readonly model?: string;
  // Inputs of different tools differ; each was checked against its own schema by defineTool.
  readonly tools?: Readonly<Record<string, AgentTool>>;
  readonly limits?: AgentLimits;
}

/** The schema that an agent's definition is checked against, from a file or over the API. Unknown fields are refused: a typo is told, not ignored. */
export const agentDefinitionSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, "lower case letters, digits and hyphens, at most 64"),
  description: z.string().min(1).max(1000),
  instructions: z.string().min(1).max(100_000),
  model: z
    .string()
    .min(1)
    .max(256)
    .refine((model) => !model.startsWith("agent/"), "must be a model, not an agent")
    .optional(),
  tools: z
    .record(
      z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "letters, digits, _ and -, at most 64"),
      z.strictObject({
        description: z.string().min(1).max(4000),
        input: z.custom<z.ZodType>((value) => value instanceof z.ZodType, "must be a zod schema"),
        run: z.custom<AgentTool["run"]>((value) => typeof value === "function", "must be a function"),
      }),
    )
    .optional(),
  limits: z
    .strictObject({
      maxSteps: z.int().min(1).max(100).optional(),
      timeoutSeconds: z.int().min(1).max(3600).optional(),
      maxHistoryMessages: z.int().min(1).max(1000).optional(),
      maxOutputTokens: z.int().min(1).optional(),
    })
    .optional(),
});

/**
 * Declares a plugin agent.
 *
 * @example
 * ```ts
 * import { defineAgent } from "slipway/agent";
 *
 * export default defineAgent({
 *   name: "greeter",
 *   description: "Greets whoever writes.",
 *   instructions: "Greet the user by name.",
 * });
 * ```
 */
export function defineAgent(definition: AgentDefinition): AgentDefinition {
  return definition;
}
