import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { StoredAgents } from "../../agents.ts";
import type { Database } from "../database.ts";
import { violates } from "../errors.ts";
import { createAgent } from "./create.ts";
import { getAgent } from "./get.ts";
import { listAgents } from "./list.ts";
import { removeAgent } from "./remove.ts";
import { updateAgent } from "./update.ts";
import { agentVersion, agentVersions } from "./versions.ts";

/** As the table's own check has it (`0028_agents.sql`). */
const MOST_VERSIONS = 1_000;

export function createStoredAgents(database: Database): StoredAgents {
  const get: StoredAgents["get"] = async (tenantId, name) => {
    const [row] = await database.asTenant(tenantId, getAgent(tenantId, name));
    return row;
  };
  return {
    async create(tenantId, agent, most) {
      try {
        const [made] = await database.asTenant(tenantId, createAgent(tenantId, agent, most));
        if (made) return made;
      } catch (error) {
        throw asDomainError(error, agent.name);
      }
      throw new SlipwayError("conflict", `A tenant has at most ${most} agents of its own.`, {
        hint: "Remove one first.",
      });
    },
    list: (tenantId) => database.asTenant(tenantId, listAgents(tenantId)),
    get,
    async version(tenantId, name, version, hash) {
      const [row] = await database.asTenant(tenantId, agentVersion(tenantId, name, version, hash));
      return row;
    },
    versions: (tenantId, name, page) => database.asTenant(tenantId, agentVersions(tenantId, name, page)),
    async update(tenantId, name, next, expected) {
      const bounds = { expected, mostVersions: MOST_VERSIONS };
      const [changed] = await database.asTenant(tenantId, updateAgent(tenantId, name, next, bounds));
      if (changed) return changed;
      // Nothing was changed: what is there now says why.
      const found = await get(tenantId, name);
      if (!found || found.hash === next.hash) return found;
      if (found.version >= MOST_VERSIONS && (!expected || expected.includes(found.hash))) {
        throw new SlipwayError("conflict", `An agent has at most ${MOST_VERSIONS} versions.`, {
          hint: "Make it anew under another name, or remove it first.",
        });
      }
      if (expected) throw changedMeanwhile();
      // It was so already when it was asked for, and somebody has changed it since.
      return found;
    },
    async remove(tenantId, name, expected) {
      const removed = await database.asTenant(tenantId, removeAgent(tenantId, name, expected));
      if (removed.length > 0) return true;
      if (expected && (await get(tenantId, name))) throw changedMeanwhile();
      return false;
    },
  };
}

function changedMeanwhile(): SlipwayError {
  return new SlipwayError(
    "precondition_failed",
    "The agent is no longer what `If-Match` says: somebody has changed it.",
    {
      hint: "Read it again, and send what should hold then.",
    },
  );
}

function asDomainError(error: unknown, name: string): unknown {
  if (violates(error, "unique")) {
    return new SlipwayError("conflict", `There is an agent "${name}" already.`, {
      param: "name",
      hint: "Choose another name, or change the one that is there.",
      cause: error,
    });
  }
  if (violates(error, "foreign_key"))
    return new SlipwayError("not_found", "There is no such tenant or user.", { cause: error });
  return error;
}
