import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { findTestFiles, planTests, requirementsOf } from "./test-files.ts";

async function checkout(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "slipway-files-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

test("every test file of every room is found, recorded and installed ones are not", async (t) => {
  const root = await checkout(t, {
    "server/src/a.test.ts": "",
    "test/deep/b.test.ts": "",
    "server/src/c.ts": "",
    "server/src/__fixtures__/d.test.ts": "",
    "server/node_modules/e/e.test.ts": "",
    "scratch/f.test.ts": "",
  });
  assert.deepEqual(await findTestFiles(root, undefined), ["server/src/a.test.ts", "test/deep/b.test.ts"]);
});

test("--only takes a part of the path or a glob", async (t) => {
  const root = await checkout(t, { "server/src/a.test.ts": "", "test/b.test.ts": "" });
  assert.deepEqual(await findTestFiles(root, "src/a"), ["server/src/a.test.ts"]);
  assert.deepEqual(await findTestFiles(root, "test/*.ts"), ["test/b.test.ts"]);
  assert.deepEqual(await findTestFiles(root, "nothing"), []);
});

test("only what is pure shares a process, and only what says why runs alone", async (t) => {
  const pure = 'import assert from "node:assert/strict";\nimport { test } from "node:test";\n';
  const root = await checkout(t, {
    "contracts/pure.test.ts": pure,
    "contracts/hooks.test.ts": `${pure}afterEach(() => {});`,
    "contracts/files.test.ts": `${pure}import "node:fs/promises";`,
    "contracts/environment.test.ts": `${pure}process.env.X = "1";`,
    "test/system.test.ts": pure,
    "test/timed.test.ts": `${pure}// Runs alone: it holds the server to a second.\n`,
    "test/idle.test.ts": `${pure}// Runs alone:\n`,
  });
  assert.deepEqual(await planTests(root, await findTestFiles(root, undefined)), {
    shared: ["contracts/pure.test.ts"],
    units: ["contracts/environment.test.ts", "contracts/files.test.ts", "contracts/hooks.test.ts"],
    systems: ["test/idle.test.ts", "test/system.test.ts"],
    alone: ["test/timed.test.ts"],
  });
});

test("what a test needs is found, also behind a helper", async (t) => {
  const root = await checkout(t, {
    "test/a.test.ts": 'import { open } from "./support/open.ts";',
    "test/support/open.ts": 'import { requireDocker } from "./require.ts";',
    "test/support/require.ts": "requireRedis requirePostgres requireChromium requireDocker",
    "server/src/b.test.ts": "process.env.TEST_DATABASE_URL",
    "server/src/c.test.ts": "nothing",
  });
  assert.deepEqual(
    [...(await requirementsOf(root, ["test/a.test.ts", "server/src/b.test.ts"]))],
    ["Docker", "Postgres"],
  );
  assert.deepEqual([...(await requirementsOf(root, ["server/src/c.test.ts"]))], []);
});
