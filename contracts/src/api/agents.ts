import { z } from "zod";
import { idOf } from "./id-of.ts";

/** One agent as the registry knows it. A broken one is listed too, with what is wrong. */
export const agentSummarySchema = z.object({
  name: z.string(),
  /** `agent/<name>`: what a client sends as `model`. */
  modelId: z.string(),
  status: z.enum(["ready", "broken"]),
  description: z.string(),
  model: z.string().nullable(),
  tools: z.array(z.object({ name: z.string(), description: z.string() })),
  /** Path of the file, relative to the agents folder. */
  source: z.string(),
  /** For a broken agent: `file:line: what is wrong`. */
  error: z.string().nullable(),
});
export type AgentSummary = z.infer<typeof agentSummarySchema>;

/** Answer of `GET /api/v1/agents`. */
export const agentListSchema = z.object({ agents: z.array(agentSummarySchema) });
export type AgentList = z.infer<typeof agentListSchema>;

/** Body of `POST /api/v1/agents/<name>/runs`. */
export const createRunSchema = z.strictObject({
  /** What the user says, at most 1,000,000 characters. */
  input: z.string().min(1).max(1_000_000),
  /** Continues this thread; absent: a new one. */
  threadId: idOf("thread").optional(),
  /** True: server-sent events in the UI message stream format of the Vercel AI SDK. */
  stream: z.boolean().default(false),
});

/** One run of an agent. */
export const runSchema = z.object({
  id: z.string(),
  agent: z.string(),
  threadId: z.string(),
  status: z.enum(["running", "completed", "failed", "cancelled"]),
  /** The agent's answer; null while running and after a failure. */
  output: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  steps: z.int(),
  usage: z.object({
    input: z.int(),
    cachedRead: z.int(),
    cacheWrite: z.int(),
    output: z.int(),
    reasoning: z.int(),
  }),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
});
export type Run = z.infer<typeof runSchema>;
