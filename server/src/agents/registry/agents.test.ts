import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoredAgent, StoredAgentVersion } from "#store/agents.ts";
import type { DirectoryAgent } from "#store/directory.ts";
import { createAgents } from "./agents.ts";
import { type FileAgent, loadedAgent } from "./loaded-agent.ts";

const SPEC = { description: "A desk.", instructions: "Be of use.", limits: { maxSteps: 2 } };
const VERSIONS = { keys: 0, routes: 0, providerKeys: 0, limits: 0, sessions: 0 };

const file = (name: string, status: "ready" | "broken" = "ready"): FileAgent => ({
  name,
  modelId: `agent/${name}`,
  status,
  description: "",
  model: null,
  tools: [],
  source: `${name}/agent.ts`,
  error: null,
});

function setUp(files: readonly FileAgent[], mostHeld?: number) {
  const rows: DirectoryAgent[] = [];
  const specs = new Map<string, unknown>();
  const reads: string[] = [];
  let failing = false;
  let version = 0;
  const agents = createAgents({
    files: {
      list: () => files,
      summary: (name) => files.find((each) => each.name === name),
      get: (name) => {
        const found = files.find((each) => each.name === name && each.status === "ready");
        return (
          found &&
          loadedAgent(
            { name, description: "", instructions: "file" },
            { tools: new Map(), version: null, source: found.source },
          )
        );
      },
    },
    stored: {
      list: () => Promise.resolve([]),
      get: (tenantId, name) =>
        Promise.resolve(
          rows.some((row) => row.tenantId === tenantId && row.name === name) ? ({ name } as StoredAgent) : undefined,
        ),
      version: (tenantId, name, at) => {
        reads.push(`${tenantId} ${name} ${at}`);
        if (failing) return Promise.reject(new Error("away"));
        const spec = specs.get(`${tenantId} ${name} ${at}`);
        return Promise.resolve(spec === undefined ? undefined : ({ spec } as StoredAgentVersion));
      },
    },
    directory: { agents: () => Promise.resolve([...rows]) },
    ...(mostHeld === undefined ? {} : { mostHeld }),
  });
  const put = async (tenantId: string, name: string, at: number, spec: unknown = SPEC) => {
    const before = rows.findIndex((row) => row.tenantId === tenantId && row.name === name);
    if (before !== -1) rows.splice(before, 1);
    rows.push({ tenantId, name, version: at, hash: `h${at}` });
    specs.set(`${tenantId} ${name} ${at}`, spec);
    await agents.follow({ ...VERSIONS, agents: (version += 1) });
  };
  return {
    agents,
    put,
    reads,
    fail: (on: boolean) => (failing = on),
    /** Removed on another server, of which this one has not heard yet. */
    take: (name: string) => specs.delete(name),
    follow: (at: number) => agents.follow({ ...VERSIONS, agents: at }),
  };
}

test("a tenant finds its own agents and those of files, and no other tenant's", async () => {
  const { agents, put } = setUp([file("concierge"), file("torn", "broken")]);
  await put("one", "desk", 1);
  assert.deepEqual(agents.modelIds("one"), ["agent/concierge", "agent/desk"]);
  assert.deepEqual(agents.modelIds("two"), ["agent/concierge"]);
  const desk = await agents.find("one", "desk");
  assert.deepEqual(
    [desk?.version, desk?.source, desk?.limits.maxSteps, desk?.limits.timeoutSeconds],
    [1, "api", 2, 300],
  );
  assert.equal(desk?.tools.size, 0);
  assert.deepEqual([await agents.find("two", "desk"), agents.has("two", "desk")], [undefined, false]);
  assert.deepEqual([agents.find("one", "torn"), agents.has("one", "torn")], [undefined, true]);
  assert.equal((await agents.find("one", "concierge"))?.version, null);
});

test("a file that comes later under a name of a tenant's own is for the other tenants", async () => {
  const { agents, put } = setUp([file("desk")]);
  await put("one", "desk", 1);
  assert.equal((await agents.find("one", "desk"))?.instructions, "Be of use.");
  assert.equal((await agents.find("two", "desk"))?.instructions, "file");
  assert.deepEqual(agents.modelIds("one"), ["agent/desk"]);
  assert.ok("stored" in ((await agents.describe("one", "desk")) ?? {}));
  assert.ok("file" in ((await agents.describe("two", "desk")) ?? {}));
});

test("a version is read once and for each tenant by itself, another version is read anew, and what could not be read is asked again", async () => {
  const { agents, put, reads, fail } = setUp([]);
  await put("one", "desk", 1);
  await put("two", "desk", 1, { ...SPEC, instructions: "Two's." });
  const [first, again] = await Promise.all([agents.find("one", "desk"), agents.find("one", "desk")]);
  assert.equal(first, again);
  assert.equal((await agents.find("two", "desk"))?.instructions, "Two's.");
  assert.deepEqual(reads, ["one desk 1", "two desk 1"]);
  await put("one", "desk", 2, { ...SPEC, instructions: "Second." });
  fail(true);
  await assert.rejects(async () => agents.find("one", "desk"), /away/);
  fail(false);
  assert.equal((await agents.find("one", "desk"))?.instructions, "Second.");
});

test("only so many are held, and nothing is read of the directory while its version stands", async () => {
  const { agents, put, reads, follow } = setUp([], 1);
  await put("one", "a", 1);
  await put("one", "b", 1);
  for (const name of ["a", "b", "a"]) await agents.find("one", name);
  assert.equal(reads.length, 3);
  await follow(2);
  assert.deepEqual(agents.modelIds("one"), ["agent/a", "agent/b"]);
});

test("what a newer release has stored is an agent that is broken", async () => {
  const { agents, put } = setUp([]);
  await put("one", "desk", 1, { ...SPEC, telepathy: true });
  assert.equal(await agents.find("one", "desk"), undefined);
  assert.ok(agents.has("one", "desk"));
});

test("an agent that was removed elsewhere and made anew word for word is found again", async () => {
  const { agents, put, take } = setUp([]);
  await put("one", "desk", 1);
  take("one desk 1");
  assert.equal(await agents.find("one", "desk"), undefined);
  await put("one", "desk", 1);
  assert.equal((await agents.find("one", "desk"))?.instructions, "Be of use.");
});
