import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createRegistry, type Registry } from "../server/src/agents/registry/registry.ts";

// The agents of examples/, by the loader that the server has.

const EXAMPLES = join(import.meta.dirname, "../examples");
const SYSTEMS = [
  {
    system: "copilot",
    agents: [
      { name: "on-call", tools: ["who_is_on_call"] },
      { name: "release-notes", tools: ["group_commits"] },
    ],
  },
  { system: "master-agent", agents: [{ name: "master", tools: ["resolve_period"] }] },
  { system: "panelin", agents: [{ name: "panelin", tools: ["look_up_panel", "quote_surface"] }] },
];

const quiet = { info() {}, warn() {}, error() {} };

async function load(t: TestContext, dir: string): Promise<Registry> {
  const registry = await createRegistry({ dir, watch: false, log: quiet });
  t.after(() => registry.close());
  return registry;
}

for (const { system, agents } of SYSTEMS)
  test(`the agents of ${system} are loaded by the server with all their tools`, async (t) => {
    const registry = await load(t, join(EXAMPLES, system, "agents"));
    const found = registry.list().map(({ name, status, error, tools }) => ({ name, status, error, tools }));
    assert.deepEqual(
      found.map(({ name, status, error, tools }) => [name, status, error, tools.map((tool) => tool.name)]),
      agents.map(({ name, tools }) => [name, "ready", null, tools]),
    );
  });

test("control: the same agent with a misspelt field is loaded as broken, and told by file and line", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-example-agents-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(join(EXAMPLES, "panelin/agents"), folder, { recursive: true });
  const file = join(folder, "panelin/agent.ts");
  await writeFile(file, (await readFile(file, "utf8")).replace('  description: "Advises', '  descripton: "Advises'));
  const [agent] = (await load(t, folder)).list();
  assert.equal(agent?.status, "broken");
  assert.match(agent.error ?? "", /^panelin\/agent\.ts:\d+: `description`/);
});
