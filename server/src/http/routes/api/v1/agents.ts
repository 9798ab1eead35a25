import {
  type AgentList,
  type AgentVersionList,
  agentVersionsQuerySchema,
  createAgentSchema,
  type PutAgent,
  putAgentSchema,
} from "@slipway/contracts/api/agents.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Agents } from "#agents/registry/agents.ts";
import { assertMayManageFor } from "#identity/grants.ts";
import { actorOf, type Principal } from "#identity/principal.ts";
import type { StoredAgent, StoredAgents } from "#store/agents.ts";
import type { ChangeFeed } from "#store/change-feed.ts";
import {
  type App,
  type AppContext,
  type AppServices,
  auditOf,
  jsonBody,
  pathParam,
  principalOf,
  queryOf,
} from "../../../app.ts";
import { ifMatch } from "../../../edge/if-match.ts";
import { definitionHash, presentAgent, presentSummary, presentVersion } from "./agents/present.ts";

/** Agents that a tenant may have of its own. */
const MOST_AGENTS = 200;

interface AgentServices {
  readonly agents: Agents;
  readonly stored: StoredAgents;
  readonly changes: ChangeFeed;
}

function notFound(): SlipwayError {
  return new SlipwayError("agent_not_found", "There is no agent of this name.", {
    hint: "GET /api/v1/agents lists the agents.",
  });
}

/** Answers the agent with what `If-Match` takes. */
function answer(c: AppContext, stored: StoredAgent, status: 200 | 201): Response {
  c.header("etag", `"${stored.hash}"`);
  return c.json(presentAgent({ stored }, principalOf(c)), status);
}

function versionOf(definition: PutAgent, principal: Principal) {
  return { hash: definitionHash(definition), spec: definition, madeBy: actorOf(principal) };
}

function registerReads(app: App, { agents, stored }: AgentServices): void {
  const requires = "agents:read";
  const ids = { name: "agent" };
  app.get("/api/v1/agents", { requires }, async (c) => {
    const principal = principalOf(c);
    const found = await agents.list(principal.tenantId);
    const list: AgentList = { agents: found.map((agent) => presentSummary(agent, principal)) };
    return c.json(list);
  });
  app.get("/api/v1/agents/:name", { requires, ids }, async (c) => {
    const principal = principalOf(c);
    const agent = await agents.describe(principal.tenantId, pathParam(c, "name"));
    if (!agent) throw notFound();
    return "stored" in agent ? answer(c, agent.stored, 200) : c.json(presentAgent(agent, principal));
  });
  app.get("/api/v1/agents/:name/versions", { requires, ids, query: agentVersionsQuerySchema }, async (c) => {
    const { tenantId } = principalOf(c);
    const name = pathParam(c, "name");
    const { limit, cursor } = queryOf(c, agentVersionsQuerySchema);
    if (cursor !== undefined && !/^[1-9][0-9]{0,8}$/.test(cursor)) {
      throw new SlipwayError("invalid_request", "`cursor` is none that this server gave.", { param: "cursor" });
    }
    const before = cursor === undefined ? {} : { before: Number(cursor) };
    const found = await stored.versions(tenantId, name, { limit: limit + 1, ...before });
    // An agent of a file has no versions here; its history is that of its file.
    if (found.length === 0 && !(await agents.describe(tenantId, name))) throw notFound();
    const page = found.slice(0, limit);
    const list: AgentVersionList = {
      versions: page.map(presentVersion),
      nextCursor: found.length > limit ? String(page.at(-1)?.version) : null,
    };
    return c.json(list);
  });
}

/**
 * `/api/v1/agents`: the agents of files, which nobody changes here, and the tenant's own. A change is in force here when the answer is
 * sent, and everywhere within a second.
 */
export function registerAgents(app: App, services: AppServices, options: AgentServices): void {
  const { agents, stored, changes } = options;
  const requires = "agents:write";
  const ids = { name: "agent" };
  registerReads(app, options);
  // Who may have a hand in the agent: its user, whoever manages users, and everybody who may write where it is nobody's.
  const assertManaged = async (principal: Principal, name: string): Promise<void> => {
    const found = await agents.describe(principal.tenantId, name);
    if (!found) throw notFound();
    if ("stored" in found) return assertMayManageFor(principal, found.stored.userId);
    throw new SlipwayError("conflict", `The agent "${name}" is a file and is not changed here.`, {
      hint: `Change agents/${found.file.source} and deploy, or make an agent under another name.`,
    });
  };
  app.post("/api/v1/agents", { requires, body: createAgentSchema }, async (c) => {
    const principal = principalOf(c);
    const { tenantId, userId } = principal;
    const { name, ...definition } = await jsonBody(c, createAgentSchema);
    if (agents.isOfFile(name)) {
      throw new SlipwayError("conflict", `There is an agent "${name}" already: it is a file.`, {
        param: "name",
        hint: "Choose another name.",
      });
    }
    const made = await stored.create(tenantId, { name, userId, ...versionOf(definition, principal) }, MOST_AGENTS);
    await changes.refresh();
    auditOf(c, services, principal, "agent.create", name);
    return answer(c, made, 201);
  });
  app.put("/api/v1/agents/:name", { requires, ids, body: putAgentSchema }, async (c) => {
    const principal = principalOf(c);
    const name = pathParam(c, "name");
    const definition = await jsonBody(c, putAgentSchema);
    const expected = ifMatch(c.req.header("if-match"));
    await assertManaged(principal, name);
    const updated = await stored.update(principal.tenantId, name, versionOf(definition, principal), expected);
    if (!updated) throw notFound();
    await changes.refresh();
    auditOf(c, services, principal, "agent.update", name);
    return answer(c, updated, 200);
  });
  app.delete("/api/v1/agents/:name", { requires, ids }, async (c) => {
    const principal = principalOf(c);
    const name = pathParam(c, "name");
    const expected = ifMatch(c.req.header("if-match"));
    await assertManaged(principal, name);
    if (!(await stored.remove(principal.tenantId, name, expected))) throw notFound();
    await changes.refresh();
    auditOf(c, services, principal, "agent.delete", name);
    return c.body(null, 204);
  });
}
