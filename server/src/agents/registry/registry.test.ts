import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { createRegistry, type Registry, type RegistryOptions } from "./registry.ts";

const quiet = { info() {}, warn() {}, error() {} };

const agent = (name: string, more = "") => `import { defineAgent, defineTool, z } from "slipway/agent";

export default defineAgent({
  name: "${name}",
  description: "Does things.",
  instructions: "Do things.",${more}
});
`;

async function setUp(t: TestContext, files: Readonly<Record<string, string>>, options: Partial<RegistryOptions> = {}) {
  // A space in the path, because people have them.
  const dir = await mkdtemp(join(tmpdir(), "slipway agents "));
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  };
  for (const [path, text] of Object.entries(files)) await write(path, text);
  const registry = await createRegistry({ dir, watch: false, log: quiet, ...options });
  t.after(async () => {
    await registry.close();
    await rm(dir, { recursive: true, force: true });
  });
  return { dir, write, registry };
}

const errorOf = (registry: Registry, name: string) => registry.summary(name)?.error ?? "not broken";

/** Waits for something that a watcher brings about, at most 8 s. */
async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + 8000;
  while (!holds()) {
    assert.ok(performance.now() < end, `timed out: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("an agent that is dropped into the folder is registered with its tools and limits", async (t) => {
  const { registry } = await setUp(t, {
    "desk/agent.ts": agent(
      "desk",
      `
  model: "gpt-x",
  limits: { maxSteps: 3 },
  tools: {
    look_up: defineTool({
      description: "Looks up.",
      input: z.object({ number: z.string().regex(/SO-[0-9]{4}/) }),
      run: ({ number }) => number,
    }),
  },`,
    ),
    "plain/agent.js": agent("plain"),
    "notes/README.md": "no agent",
    ".hidden/agent.ts": agent("hidden"),
  });
  assert.deepEqual(registry.list(), [
    {
      name: "desk",
      modelId: "agent/desk",
      status: "ready",
      description: "Does things.",
      model: "gpt-x",
      tools: [{ name: "look_up", description: "Looks up." }],
      source: "desk/agent.ts",
      error: null,
    },
    {
      name: "plain",
      modelId: "agent/plain",
      status: "ready",
      description: "Does things.",
      model: null,
      tools: [],
      source: "plain/agent.js",
      error: null,
    },
  ]);
  const desk = registry.get("desk");
  assert.deepEqual(desk?.limits, {
    maxSteps: 3,
    timeoutSeconds: 300,
    maxHistoryMessages: 50,
    maxOutputTokens: undefined,
  });
  assert.deepEqual(desk.tools.get("look_up")?.definition.parameters, {
    type: "object",
    properties: { number: { type: "string", pattern: "SO-[0-9]{4}" } },
    required: ["number"],
  });
});

test("a folder that does not exist is an empty registry, told in the log", async (t) => {
  const warned: string[] = [];
  const { registry } = await setUp(
    t,
    {},
    { dir: "/nowhere/agents", log: { ...quiet, warn: (_, message) => warned.push(message) } },
  );
  assert.deepEqual(registry.list(), []);
  assert.equal(warned.length, 1);
});

/** Broken agents: the file, and what the registry must say of it. */
const BROKEN: Readonly<Record<string, { readonly text: string; readonly says: RegExp; readonly file?: string }>> = {
  "typescript-syntax": {
    text: `import { defineAgent } from "slipway/agent";\n\nexport default defineAgent({\n  name: "x"\n  description: "y",\n});\n`,
    says: /^typescript-syntax\/agent\.ts:5: SyntaxError: /,
  },
  "enum-syntax": {
    text: `\nenum Kind { A }\nexport default {};\n`,
    says: /^enum-syntax\/agent\.ts:2: SyntaxError: .*enum/,
  },
  "javascript-syntax": {
    file: "agent.js",
    text: `export const a = 1;\n\nexport default {\n  b: 1\n  c: 2,\n};\n`,
    says: /^javascript-syntax\/agent\.js:5: SyntaxError: /,
  },
  "declared-twice": {
    text: `const a = 1;\nconst a = 2;\nexport default a;\n`,
    says: /^declared-twice\/agent\.ts:2: SyntaxError: .*'a'/,
  },
  throws: { text: `\n\nthrow new TypeError("no luck");\n`, says: /^throws\/agent\.ts:3: TypeError: no luck$/ },
  "throws-text": { text: `throw "words";\n`, says: /^throws-text\/agent\.ts:1: threw words$/ },
  "no-such-package": {
    text: `\nimport "no-such-package-here";\n`,
    says: /^no-such-package\/agent\.ts:2: .*no-such-package-here/,
  },
  "no-such-export": {
    text: `import { z } from "slipway/agent";\nimport { nothing } from "slipway/agent";\n`,
    says: /^no-such-export\/agent\.ts:2: SyntaxError: .*nothing/,
  },
  "no-default": { text: `export const agent = 1;\n`, says: /^no-default\/agent\.ts:1: has no default export/ },
  "other-name": {
    text: agent("another"),
    says: /^other-name\/agent\.ts:4: `name` is "another" but the folder is "other-name"/,
  },
  "wrong-type": {
    text: agent("wrong-type", `\n  limits: {\n    maxSteps: 0,\n  },`),
    says: /^wrong-type\/agent\.ts:8: `limits\.maxSteps`: /,
  },
  "unknown-field": {
    text: agent("unknown-field", `\n\n  modle: "x",`),
    says: /^unknown-field\/agent\.ts:8: `modle`: /,
  },
  missing: {
    text: `\nexport default { name: "missing", description: "y" };\n`,
    says: /^missing\/agent\.ts:2: `instructions`: /,
  },
  "no-object": { text: `export default 7;\n`, says: /^no-object\/agent\.ts:1: the definition: / },
  "names-an-agent": {
    text: agent("names-an-agent", `\n  model: "agent/desk",`),
    says: /^names-an-agent\/agent\.ts:7: `model`: must be a model, not an agent/,
  },
  "tool-without-schema": {
    text: agent("tool-without-schema", `\n  tools: {\n    look: { description: "x", input: {}, run() {} },\n  },`),
    says: /^tool-without-schema\/agent\.ts:8: `tools\.look\.input`: must be a zod schema/,
  },
  "tool-schema-unrepresentable": {
    text: agent(
      "tool-schema-unrepresentable",
      `\n  tools: {\n    look: defineTool({\n      description: "x",\n      input: z.object({ at: z.date() }),\n      run() {},\n    }),\n  },`,
    ),
    says: /^tool-schema-unrepresentable\/agent\.ts:10: `tools\.look\.input`: .*Date/,
  },
  "tool-schema-no-object": {
    text: agent(
      "tool-schema-no-object",
      `\n  tools: { look: defineTool({ description: "x", input: z.string(), run() {} }) },`,
    ),
    says: /^tool-schema-no-object\/agent\.ts:7: `tools\.look\.input`: must be an object schema/,
  },
};

test("each broken agent is told by file and line, none keeps the others from loading", async (t) => {
  const files: Record<string, string> = { "good/agent.ts": agent("good") };
  for (const [name, { text, file }] of Object.entries(BROKEN)) files[`${name}/${file ?? "agent.ts"}`] = text;
  const { registry } = await setUp(t, files);
  for (const [name, { says }] of Object.entries(BROKEN)) {
    await t.test(name, () => {
      assert.match(errorOf(registry, name), says);
      assert.equal(registry.summary(name)?.status, "broken");
      assert.equal(registry.get(name), undefined);
    });
  }
  assert.equal(registry.summary("good")?.status, "ready");
  assert.equal(registry.list().length, Object.keys(BROKEN).length + 1);
});

test("an agent whose import never ends is told, and keeps no other from loading", async (t) => {
  // What a busy machine needs for the import of two files is far below it.
  const { registry } = await setUp(
    t,
    {
      "good/agent.ts": agent("good"),
      "never-settles/agent.ts": `\nawait new Promise(() => {});\nexport default {};\n`,
    },
    { importTimeoutMs: 2000 },
  );
  assert.match(errorOf(registry, "never-settles"), /^never-settles\/agent\.ts:2: the import did not finish within 2 s/);
  assert.equal(registry.summary("never-settles")?.status, "broken");
  assert.equal(registry.get("never-settles"), undefined);
  assert.equal(registry.summary("good")?.status, "ready");
});

test("a fault in a file that the agent imports is told of that file", async (t) => {
  const { registry } = await setUp(t, {
    "a/agent.ts": `import "./deep/help.ts";\n${agent("a")}`,
    "a/deep/help.ts": `export const x: number = 1;\nfunction fail() {\n  throw new RangeError("too far");\n}\nfail();\n`,
    "b/agent.ts": `import "./help.js";\n${agent("b")}`,
    "b/help.js": `export const a = 1;\nexport const a = 2;\n`,
  });
  assert.equal(errorOf(registry, "a"), "a/deep/help.ts:3: RangeError: too far");
  assert.match(errorOf(registry, "b"), /^b\/help\.js:2: SyntaxError: /);
});

test("no path of the machine is told to clients", async (t) => {
  const { registry, dir } = await setUp(t, {
    "a/agent.ts": `import "./gone.ts";\n${agent("a")}`,
    "b/agent.ts": `throw new Error(import.meta.dirname + "/x");\n`,
  });
  for (const { error } of registry.list()) assert.ok(error !== null && !error.includes(dir), error ?? "");
  assert.match(errorOf(registry, "a"), /^a\/agent\.ts:1: Error: Cannot find module 'a\/gone\.ts'/);
});

test("an agent whose folder is a link works like any other", async (t) => {
  const { registry, dir, write } = await setUp(t, { "real/agent.ts": agent("real") });
  const elsewhere = await mkdtemp(join(tmpdir(), "slipway-linked-"));
  t.after(() => rm(elsewhere, { recursive: true, force: true }));
  await writeFile(join(elsewhere, "agent.ts"), agent("linked"));
  await symlink(elsewhere, join(dir, "linked"));
  await registry.reload();
  assert.equal(errorOf(registry, "linked"), "not broken");
  await writeFile(join(elsewhere, "agent.ts"), `\nthrow new Error("x");\n`);
  await registry.reload();
  assert.equal(errorOf(registry, "linked"), "linked/agent.ts:2: Error: x");
  await write("real/agent.ts", agent("real", `\n  model: "m",`));
});

test("a reload takes up what changed and leaves the rest as it was", async (t) => {
  const { registry, write } = await setUp(t, {
    "a/agent.ts": `import { words } from "./words.ts";\n${agent("a").replace('"Do things."', "words")}`,
    "a/words.ts": `import data from "./data.json" with { type: "json" };\nexport const words: string = data.words;\n`,
    "a/data.json": `{ "words": "first" }`,
    "b/agent.ts": agent("b"),
  });
  const before = registry.get("b");
  assert.equal(registry.get("a")?.instructions, "first");
  await write("a/data.json", `{ "words": "second, and longer" }`);
  await registry.reload();
  assert.equal(registry.get("a")?.instructions, "second, and longer");
  assert.equal(registry.get("b"), before);
});

test("code that lies beside the agents' folders counts for all of them", async (t) => {
  const { registry, write } = await setUp(t, {
    "_shared/words.ts": `export const words: string = "first";\n`,
    "a/agent.ts": `import { words } from "../_shared/words.ts";\n${agent("a").replace('"Do things."', "words")}`,
  });
  await write("_shared/words.ts", `export const words: string = "second";\n`);
  await registry.reload();
  assert.equal(registry.get("a")?.instructions, "second");
});

test("while watching, a change, a new folder, a removed one and one that breaks and is mended are seen", async (t) => {
  const { registry, dir, write } = await setUp(
    t,
    { "a/agent.ts": agent("a"), "b/agent.ts": agent("b") },
    { watch: true, timing: { settleMs: 20, pollMs: 60_000 } },
  );
  const held = registry.get("a");

  await write("a/agent.ts", agent("a", `\n  model: "changed",`));
  await until("a changes", () => registry.get("a")?.model === "changed");
  assert.equal(held?.model, undefined, "the agent that a run holds is not touched");

  // As editors write: beside, then by rename.
  await write("a/.agent.ts.swp", agent("a", `\n  model: "renamed",`));
  await rename(join(dir, "a/.agent.ts.swp"), join(dir, "a/agent.ts"));
  await until("a changes by rename", () => registry.get("a")?.model === "renamed");

  await write("c/agent.ts", agent("c"));
  await until("c is there", () => registry.get("c") !== undefined);
  await write("c/agent.ts", agent("c", `\n  model: "deep",`));
  await until("a change in a new folder is seen", () => registry.get("c")?.model === "deep");

  await write("a/agent.ts", "export default {");
  await until("a breaks", () => registry.summary("a")?.status === "broken");
  assert.equal(registry.get("a"), undefined);
  assert.match(errorOf(registry, "a"), /^a\/agent\.ts:1: /);
  assert.ok(registry.get("b"), "the others stay");
  await write("a/agent.ts", agent("a"));
  await until("a is mended", () => registry.get("a") !== undefined);

  await rm(join(dir, "b"), { recursive: true });
  await until("b is gone", () => registry.summary("b") === undefined);
});

test("without watching nothing is picked up by itself", async (t) => {
  const { registry, write } = await setUp(t, { "a/agent.ts": agent("a") }, { timing: { settleMs: 1, pollMs: 10 } });
  await write("b/agent.ts", agent("b"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(registry.get("b"), undefined);
  await registry.reload();
  assert.ok(registry.get("b"));
});

test("a folder that is made after the start is found by the poll", async (t) => {
  const { dir } = await setUp(t, { "a/agent.ts": agent("a") });
  const later = join(dir, "later");
  const registry = await createRegistry({ dir: later, watch: true, log: quiet, timing: { settleMs: 5, pollMs: 20 } });
  t.after(() => registry.close());
  assert.deepEqual(registry.list(), []);
  await cp(join(dir, "a"), join(later, "a"), { recursive: true });
  await until("the folder is found", () => registry.get("a") !== undefined);
});

test("after close nothing is loaded any more", async (t) => {
  const { registry, write } = await setUp(
    t,
    { "a/agent.ts": agent("a") },
    { watch: true, timing: { settleMs: 1, pollMs: 5 } },
  );
  await registry.close();
  await write("b/agent.ts", `Reflect.set(globalThis, "slipwayLoadedAfterClose", true);\n${agent("b")}`);
  await new Promise((resolve) => setTimeout(resolve, 60));
  await registry.reload();
  assert.equal(registry.get("b"), undefined);
  assert.equal(Reflect.get(globalThis, "slipwayLoadedAfterClose"), undefined, "it was not even imported");
});
