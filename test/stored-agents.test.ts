import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import type { Agent, AgentList, AgentVersionList, Run } from "@slipway/contracts/api/agents.ts";
import type { CreatedApiKey } from "@slipway/contracts/api/api-keys.ts";
import type { UsageReportAnswer } from "@slipway/contracts/api/usage.ts";
import type { User } from "@slipway/contracts/api/users.ts";
import type { Role } from "@slipway/contracts/permissions.ts";
import { later } from "../server/src/store/testing/databases.ts";
import { sharedDatabase } from "./support/replicas.ts";
import { type RunningServer, startServer } from "./support/server.ts";

// Runs alone: it holds the server to a second.

const ENVIRONMENT_KEY = "key-of-the-environment-0123456789";
const OTHERS_KEY = "slip_key_of_another_tenant_0123456789";
/** What a change may take on every replica. */
const WITHIN_MS = 1_000;

const DESK = { description: "A desk.", instructions: "Be of use.", model: "mock-1" };

interface Answer<Body> {
  readonly status: number;
  readonly etag: string;
  readonly body: Body & { readonly code?: string; readonly param?: string; readonly hint?: string };
}

/** One caller at one server. */
function caller(server: RunningServer, key: string) {
  const send = async <Body = Agent>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer<Body>> => {
    const answer = await fetch(server.url + path, {
      method,
      headers: { "x-api-key": key, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const parsed = (text === "" ? {} : JSON.parse(text)) as Answer<Body>["body"];
    return { status: answer.status, etag: answer.headers.get("etag") ?? "", body: parsed };
  };
  const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: key, maxRetries: 0 });
  return {
    key,
    send,
    make: (name: string, more: object = {}) => send("POST", "/api/v1/agents", { ...DESK, name, ...more }),
    put: (name: string, more: object = {}, match?: string) =>
      send("PUT", `/api/v1/agents/${name}`, { ...DESK, ...more }, match === undefined ? {} : { "if-match": match }),
    get: (name: string) => send("GET", `/api/v1/agents/${name}`),
    remove: (name: string, match?: string) =>
      send("DELETE", `/api/v1/agents/${name}`, undefined, match === undefined ? {} : { "if-match": match }),
    run: (name: string) => send<Run>("POST", `/api/v1/agents/${name}/runs`, { input: "Hello?" }),
    ask: (name: string) =>
      openai.chat.completions.create({ model: `agent/${name}`, messages: [{ role: "user", content: "Hello?" }] }),
    models: async () => (await openai.models.list()).data.map(({ id }) => id),
  };
}

type Caller = ReturnType<typeof caller>;

/** Two servers on one database, and callers at the first. */
interface House {
  readonly servers: readonly [RunningServer, RunningServer];
  readonly owner: Caller;
  readonly other: Caller;
  /** A user of this role, with a key. */
  readonly person: (name: string, role: Role) => Promise<Caller & { readonly userId: string }>;
}

/** Milliseconds until it holds; fails when that takes ten times as long as allowed. */
async function passes(holds: () => Promise<boolean>): Promise<number> {
  const began = performance.now();
  while (!(await holds())) {
    if (performance.now() - began > 10 * WITHIN_MS) throw new Error("it did not come to pass");
    await new Promise((done) => setTimeout(done, 10));
  }
  return performance.now() - began;
}

const CASES: readonly (readonly [string, (house: House) => Promise<void>])[] = [
  ["an agent made over the API answers the official client, as a file's does, and only its tenant", answers],
  ["its calls go by the tenant's routes, and usage and limits know it by its name", governed],
  ["a change is in force at once here, and within a second on another server", propagates],
  ["a change that was made of what is no longer there is refused; control: unconditional it is not", lostUpdates],
  ["users change and remove their own and nobody's, admins all, viewers none; agents stay when their user goes", owned],
  ["files are read-only, and what is wrong is named by its field", refusals],
  ["a removed agent is gone everywhere within a second; its runs, threads and audit records stay", removed],
];

test("agents that users make over the API", async (t) => {
  const database = await sharedDatabase(t);
  if (!database) return;
  const env = { ...database.env, API_KEY: ENVIRONMENT_KEY };
  const [one, two] = await Promise.all([startServer({ env }), startServer({ env })]);
  later(t, () => Promise.all([one.stop(), two.stop()]));
  await database.addTenant("other", OTHERS_KEY);
  const owner = caller(one, ENVIRONMENT_KEY);
  const other = caller(one, OTHERS_KEY);
  await passes(async () => (await other.send("GET", "/api/v1/me")).status === 200);
  const person = async (name: string, role: Role) => {
    const { body: user } = await owner.send<User>("POST", "/api/v1/users", {
      email: `${name}@example.com`,
      name,
      role,
    });
    const { body } = await owner.send<CreatedApiKey>("POST", "/api/v1/api-keys", { name, role, userId: user.id });
    return { ...caller(one, body.key), userId: user.id };
  };
  const house: House = { servers: [one, two], owner, other, person };
  for (const [name, check] of CASES) await t.test(name, () => check(house));
});

async function answers({ owner, other, person }: House): Promise<void> {
  const ada = await person("ada", "developer");
  const made = await ada.make("desk", { limits: { maxSteps: 2 } });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const { source, owner: userId, version, editable, status, definition } = made.body;
  assert.deepEqual([source, userId, version, editable, status], ["api", ada.userId, 1, true, "ready"]);
  assert.deepEqual(definition, { ...DESK, limits: { maxSteps: 2 } });
  assert.equal(made.etag, `"${made.body.hash}"`);

  const said = await ada.ask("desk");
  assert.match(said.choices[0]?.message.content ?? "", /Hello\?/);
  const { body: run } = await ada.run("desk");
  assert.deepEqual([run.status, run.agentVersion], ["completed", 1]);
  assert.equal((await ada.send<Run>("GET", `/api/v1/runs/${run.id}`)).body.agentVersion, 1);
  assert.equal((await ada.run("concierge")).body.agentVersion, null);
  const anthropic = { model: "agent/desk", max_tokens: 50, messages: [{ role: "user", content: "Hello?" }] };
  assert.equal((await ada.send("POST", "/v1/messages", anthropic)).status, 200);

  assert.ok((await ada.models()).includes("agent/desk"));
  assert.ok(!(await other.models()).includes("agent/desk"));
  const refused = async (name: string): Promise<string> => {
    const error = await other.ask(name).then(
      () => assert.fail("another tenant's agent answered"),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof OpenAI.NotFoundError && error.code === "agent_not_found");
    return error.message.replaceAll(name, "<name>");
  };
  assert.equal(await refused("desk"), await refused("nobody"), "told as one that nobody has");
  const list = (await other.send<AgentList>("GET", "/api/v1/agents")).body.agents;
  assert.ok(list.length > 0 && list.every((agent) => agent.owner === null && agent.version === null));
  assert.equal((await other.make("desk", { instructions: "Another's." })).status, 201, "the name is free there");
  assert.equal((await ada.get("desk")).body.definition?.instructions, DESK.instructions);

  const trail = await owner.send<{ records: readonly { target: string }[] }>(
    "GET",
    "/api/v1/audit-records?action=agent.create",
  );
  assert.deepEqual(
    trail.body.records.map(({ target }) => target),
    ["desk"],
  );
}

async function governed({ owner }: House): Promise<void> {
  assert.equal((await owner.send("PUT", "/api/v1/routes/smart", { targets: [{ target: "mock/chosen" }] })).status, 201);
  assert.equal((await owner.make("routed", { model: "smart" })).status, 201);
  assert.equal((await owner.run("routed")).status, 201);
  await passes(async () => {
    const { body } = await owner.send<UsageReportAnswer>("GET", "/api/v1/usage?by=agent,model");
    return body.groups.some(({ agent, model }) => agent === "routed" && model === "chosen");
  });
  const limit = { match: { agent: "routed" }, requestsPerMinute: 1 };
  assert.equal((await owner.send("PUT", "/api/v1/limits/routed", limit)).status, 201);
  const statuses = [await owner.run("routed"), await owner.run("routed")].map(({ status }) => status);
  assert.equal(statuses.at(-1), 429);
  assert.equal((await owner.run("desk")).status, 201, "control: the limit is the one agent's");
}

async function propagates({ servers, owner }: House): Promise<void> {
  const there = caller(servers[1], owner.key);
  const times: number[] = [];
  for (const words of ["one", "two", "three", "four", "five"]) {
    const { body } = await owner.put("desk", { instructions: words });
    assert.equal((await owner.run("desk")).body.agentVersion, body.version, "at once where it was changed");
    times.push(await passes(async () => (await there.run("desk")).body.agentVersion === body.version));
  }
  // The middle one leaves room for a busy machine.
  assert.ok((times.toSorted((a, b) => a - b)[2] ?? WITHIN_MS) < WITHIN_MS, `${times.map(Math.round).join(", ")} ms`);
  const again = await owner.put("desk", { instructions: "five" });
  assert.equal(again.body.version, 6, "the same definition again is no version");
  const first = await owner.send<AgentVersionList>("GET", "/api/v1/agents/desk/versions?limit=4");
  assert.deepEqual(
    first.body.versions.map((each) => [each.version, each.definition?.instructions]),
    [
      [6, "five"],
      [5, "four"],
      [4, "three"],
      [3, "two"],
    ],
  );
  const next = `/api/v1/agents/desk/versions?limit=4&cursor=${first.body.nextCursor ?? ""}`;
  const { versions, nextCursor } = (await owner.send<AgentVersionList>("GET", next)).body;
  assert.deepEqual([versions.map(({ version }) => version), nextCursor], [[2, 1], null]);
}

async function lostUpdates({ servers, owner }: House): Promise<void> {
  const there = caller(servers[1], owner.key);
  const { etag } = await owner.get("desk");
  const [mine, theirs] = await Promise.all([
    owner.put("desk", { instructions: "Mine." }, etag),
    there.put("desk", { instructions: "Theirs." }, etag),
  ]);
  assert.deepEqual(new Set([mine.status, theirs.status]), new Set([200, 412]));
  const refused = mine.status === 412 ? mine : theirs;
  assert.equal(refused.body.code, "precondition_failed");
  assert.equal((await owner.remove("desk", etag)).status, 412);
  assert.equal((await owner.put("desk", { instructions: "Weak." }, `W/${etag}`)).status, 412);
  assert.equal((await owner.put("desk", { instructions: "Bare." }, etag.slice(1, -1))).body.param, "If-Match");
  const kept = (await owner.get("desk")).body;
  assert.match(kept.definition?.instructions ?? "", /^(?:Mine|Theirs)\.$/);
  assert.equal((await owner.put("desk", { instructions: "Whatever." })).status, 200);
}

async function owned({ owner, person }: House): Promise<void> {
  const [ben, eve, root, vera] = await Promise.all([
    person("ben", "developer"),
    person("eve", "developer"),
    person("root", "admin"),
    person("vera", "viewer"),
  ]);
  assert.equal((await ben.make("bens")).body.owner, ben.userId);
  const foreign = [await eve.put("bens", { instructions: "Eve's." }), await eve.remove("bens")];
  assert.deepEqual(
    foreign.map(({ status, body }) => [status, body.code]),
    [
      [403, "forbidden"],
      [403, "forbidden"],
    ],
  );
  assert.deepEqual([(await ben.get("bens")).body.version, (await eve.get("bens")).body.editable], [1, false]);
  assert.equal(
    (await root.put("bens", { instructions: "Root's." })).body.owner,
    ben.userId,
    "an admin changes, not takes",
  );
  assert.equal((await ben.put("bens", { instructions: "Ben's." })).body.version, 3);
  assert.equal((await owner.make("nobodys")).body.owner, null, "a key without a user");
  assert.equal((await eve.put("nobodys", { instructions: "Eve's." })).status, 200);
  assert.equal((await vera.get("bens")).body.editable, false);
  for (const refused of [await vera.make("veras"), await vera.put("nobodys"), await vera.remove("nobodys")])
    assert.deepEqual([refused.status, refused.body.code], [403, "forbidden"]);
  assert.equal((await vera.run("bens")).status, 403);
  assert.equal((await owner.send("DELETE", `/api/v1/users/${ben.userId}`)).status, 204);
  const left = (await eve.get("bens")).body;
  assert.deepEqual([left.owner, left.editable, left.version], [null, true, 3]);
  assert.equal((await eve.run("bens")).status, 201);
}

async function refusals({ owner }: House): Promise<void> {
  const put = await owner.put("concierge");
  assert.deepEqual([put.status, put.body.code], [409, "conflict"]);
  assert.match(put.body.hint ?? "", /concierge\/agent\.ts/);
  assert.equal((await owner.remove("concierge")).status, 409);
  const taken = [await owner.make("concierge"), await owner.make("desk")];
  assert.deepEqual(
    taken.map(({ status, body }) => [status, body.param]),
    [
      [409, "name"],
      [409, "name"],
    ],
  );
  const wrong = [
    ["name", { name: "No Name" }],
    ["model", { model: "agent/desk" }],
    ["instructions", { instructions: "" }],
    ["instructions", { instructions: "x".repeat(32_001) }],
    ["description", { description: "a\0b" }],
    ["instructions", { instructions: "\ud800" }],
    ["limits.maxSteps", { limits: { maxSteps: 0 } }],
    ["body", { tools: {} }],
  ] as const;
  for (const [param, more] of wrong) {
    const { status, body } = await owner.make("wrong", more);
    assert.deepEqual([status, body.param], [400, param], JSON.stringify(body));
  }
  assert.equal((await owner.put("nobody")).body.code, "agent_not_found");
  assert.equal((await owner.remove("nobody")).status, 404);
  assert.equal((await owner.send("GET", "/api/v1/agents/nobody/versions")).status, 404);
  const file = await owner.get("concierge");
  const { source, version, definition, editable } = file.body;
  assert.deepEqual([source, version, definition, editable], ["concierge/agent.ts", null, null, false]);
}

async function removed({ servers, owner }: House): Promise<void> {
  const there = caller(servers[1], owner.key);
  const { body: run } = await owner.run("desk");
  const { etag } = await owner.get("desk");
  assert.equal((await owner.remove("desk", etag)).status, 204);
  assert.equal((await owner.run("desk")).body.code, "agent_not_found");
  await passes(async () => (await there.run("desk")).body.code === "agent_not_found");
  assert.ok(!(await there.models()).includes("agent/desk"));
  assert.equal((await owner.send<Run>("GET", `/api/v1/runs/${run.id}`)).body.status, "completed");
  assert.equal((await owner.send("GET", `/api/v1/threads/${run.threadId}/messages`)).status, 200);
  const trail = await owner.send<{ records: readonly { action: string }[] }>(
    "GET",
    "/api/v1/audit-records?action=agent.*&target=desk&limit=1000",
  );
  const actions = new Set(trail.body.records.map(({ action }) => action));
  for (const action of ["agent.create", "agent.update", "agent.delete"]) assert.ok(actions.has(action), action);
  assert.equal((await owner.make("desk")).body.version, 1, "the name is free again");
}
