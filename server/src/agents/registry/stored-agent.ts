import type { AgentDefinition } from "@slipway/contracts/agent.ts";
import { type PutAgent, putAgentSchema } from "@slipway/contracts/api/agents.ts";
import { type LoadedAgent, loadedAgent } from "./loaded-agent.ts";

const NO_TOOLS: LoadedAgent["tools"] = new Map();

/** The definition of a stored agent; undefined for what a newer version has stored and this one does not understand. */
export function storedDefinition(spec: unknown): PutAgent | undefined {
  return putAgentSchema.safeParse(spec).data;
}

/** A stored agent that is ready to run; undefined for one that this version does not understand. */
export function loadStored(name: string, version: number, spec: unknown): LoadedAgent | undefined {
  const definition = storedDefinition(spec);
  // What is absent in JSON is absent here, and not undefined.
  const whole = definition && ({ name, ...definition } as AgentDefinition);
  return whole && loadedAgent(whole, { tools: NO_TOOLS, version, source: "api" });
}
