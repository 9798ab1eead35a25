import { z } from "zod";
import { agentDefinitionSchema } from "../agent.ts";
import { isStorable, UNSTORABLE } from "../storable.ts";
import { idOf } from "./id-of.ts";

/** Characters of an agent's instructions over the API: every server may have many tenants' agents in memory. */
const MOST_INSTRUCTIONS = 32_000;

const { description, instructions, model } = agentDefinitionSchema.shape;

/**
 * Body of `PUT /api/v1/agents/{name}`: an agent's definition as its file would have it, less its name, which is in the path, and its
 * tools, which are code. What is absent gets its default, not what was there before.
 */
export const putAgentSchema = agentDefinitionSchema.omit({ name: true, tools: true }).extend({
  description: description.refine(isStorable, UNSTORABLE),
  instructions: instructions.max(MOST_INSTRUCTIONS).refine(isStorable, UNSTORABLE),
  model: model.refine((name) => name === undefined || isStorable(name), UNSTORABLE),
});
export type PutAgent = z.output<typeof putAgentSchema>;

/** Body of `POST /api/v1/agents`. */
export const createAgentSchema = putAgentSchema.extend({ name: agentDefinitionSchema.shape.name });

/** One agent as the registry knows it. A broken one is listed too, with what is wrong. */
export const agentSummarySchema = z.object({
  name: z.string(),
  /** `agent/<name>`: what a client sends as `model`. */
  modelId: z.string(),
  status: z.enum(["ready", "broken"]),
  description: z.string(),
  model: z.string().nullable(),
  tools: z.array(z.object({ name: z.string(), description: z.string() })),
  /** Path of the file, relative to the agents folder; `api` for an agent of the tenant's own. */
  source: z.string(),
  /** For a broken agent: `file:line: what is wrong`. */
  error: z.string().nullable(),
  /** The user whom it belongs to; null for those of files, and for those that belong to nobody but the tenant. */
  owner: z.string().nullable(),
  /** From 1; grows with every change. Null for those of files. */
  version: z.int().nullable(),
  /** SHA-256 of the definition as canonical JSON (RFC 8785), in hex: what `If-Match` takes, in quotes. Null for those of files. */
  hash: z.string().nullable(),
  /** The caller may change and remove it. */
  editable: z.boolean(),
  createdAt: z.string().nullable(),
  updatedAt: z.string().nullable(),
});
export type AgentSummary = z.infer<typeof agentSummarySchema>;

/** Answer of `GET /api/v1/agents/{name}`, `POST` and `PUT`. */
export const agentSchema = agentSummarySchema.extend({
  /** What was put; null for agents of files, whose definition is code. */
  definition: putAgentSchema.nullable(),
});
export type Agent = z.infer<typeof agentSchema>;

/** What an agent was at one time. It never changes. */
export const agentVersionSchema = z.object({
  version: z.int(),
  hash: z.string(),
  /** Who made it, as audit records name the caller. */
  madeBy: z.string(),
  createdAt: z.string(),
  /** Null when a newer release of the server made it and this one does not understand it. */
  definition: putAgentSchema.nullable(),
});

/** Answer of `GET /api/v1/agents/{name}/versions`: newest first; `nextCursor` is null on the last page. */
export const agentVersionListSchema = z.object({
  versions: z.array(agentVersionSchema),
  nextCursor: z.string().nullable(),
});
export type AgentVersionList = z.infer<typeof agentVersionListSchema>;

/** Query of `GET /api/v1/agents/{name}/versions`. */
export const agentVersionsQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(50).default(20),
  cursor: z.string().max(64).optional(),
});

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
  /** The version of the agent that ran; null for agents of files. */
  agentVersion: z.int().nullable(),
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
