import { hash } from "node:crypto";
import type { Agent, AgentSummary, AgentVersionList, PutAgent } from "@slipway/contracts/api/agents.ts";
import { type CanonicalValue, canonicalJson } from "@slipway/contracts/audit/canonical-json.ts";
import type { KnownAgent } from "#agents/registry/agents.ts";
import type { FileAgent } from "#agents/registry/loaded-agent.ts";
import { storedDefinition } from "#agents/registry/stored-agent.ts";
import { mayManageFor } from "#identity/grants.ts";
import { permissionSet } from "#identity/permissions.ts";
import type { Principal } from "#identity/principal.ts";
import type { StoredAgent, StoredAgentVersion } from "#store/agents.ts";

const TO_WRITE = permissionSet(["agents:write"]);
// Lists leave the instructions out; what is listed is understood or not without them.
const LEFT_OUT = { instructions: "-" };

/** SHA-256 of a definition as canonical JSON, in hex. */
export function definitionHash(definition: PutAgent): string {
  return hash("sha256", canonicalJson(definition as CanonicalValue), "hex");
}

function presentFile(file: FileAgent): AgentSummary {
  const nothing = { owner: null, version: null, hash: null, createdAt: null, updatedAt: null };
  return { ...file, ...nothing, editable: false };
}

function presentStored(stored: StoredAgent, definition: PutAgent | undefined, caller: Principal): AgentSummary {
  const { name, userId: owner, version } = stored;
  return {
    name,
    modelId: `agent/${name}`,
    status: definition ? "ready" : "broken",
    description: definition?.description ?? "",
    model: definition?.model ?? null,
    tools: [],
    source: "api",
    error: definition ? null : "A newer release of the server made this version, and this one does not understand it.",
    owner,
    version,
    hash: stored.hash,
    editable: (caller.permissions & TO_WRITE) !== 0 && mayManageFor(caller, owner),
    createdAt: stored.createdAt.toISOString(),
    updatedAt: stored.updatedAt.toISOString(),
  };
}

/** An agent as the caller is shown it in a list. */
export function presentSummary(agent: KnownAgent, caller: Principal): AgentSummary {
  if ("file" in agent) return presentFile(agent.file);
  const { spec } = agent.stored;
  const whole = typeof spec === "object" && spec !== null ? { ...LEFT_OUT, ...spec } : spec;
  return presentStored(agent.stored, storedDefinition(whole), caller);
}

/** An agent as the caller is shown it by itself. */
export function presentAgent(agent: KnownAgent, caller: Principal): Agent {
  if ("file" in agent) return { ...presentFile(agent.file), definition: null };
  const definition = storedDefinition(agent.stored.spec);
  return { ...presentStored(agent.stored, definition, caller), definition: definition ?? null };
}

/** A version as it is listed. */
export function presentVersion(version: StoredAgentVersion): AgentVersionList["versions"][number] {
  return {
    version: version.version,
    hash: version.hash,
    madeBy: version.madeBy,
    createdAt: version.createdAt.toISOString(),
    definition: storedDefinition(version.spec) ?? null,
  };
}
