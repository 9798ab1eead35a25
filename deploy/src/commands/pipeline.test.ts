import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inCheckout } from "#lib/checkout.ts";

const MAIN = inCheckout("deploy/src/main.ts");
const SPEC = inCheckout("examples/agent-generator/slipway.yaml");

async function slipway(cwd: string, ...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], { cwd, timeout: 60_000 }, (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

test("slipway pipeline writes the files, says when they are not what the spec says any more, and takes away what is not made any more", async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), "slipway-pipeline-"));
  t.after(() => rm(cwd, { recursive: true, force: true }));
  await writeFile(join(cwd, "slipway.yaml"), await readFile(SPEC, "utf8"));
  const written = await slipway(cwd, "pipeline");
  assert.equal(written.code, 0, written.err);
  assert.match(written.out, /^4 files in \.: \.github\/slipway\/environments\.sh, /);
  assert.equal((await slipway(cwd, "pipeline", "--check")).code, 0);
  const workflow = join(cwd, ".github/workflows/slipway-deploy-main.yml");
  await writeFile(workflow, (await readFile(workflow, "utf8")).replace("environment: production\n", ""));
  const other = await slipway(cwd, "pipeline", "--check");
  assert.equal(other.code, 1);
  assert.match(other.err, /Not what slipway\.yaml says: \.github\/workflows\/slipway-deploy-main\.yml\./);
  // A branch that is called otherwise has another workflow; the one before goes, a person's own stays.
  await writeFile(join(cwd, ".github/workflows/own.yml"), "on: push\n");
  const spec = (await readFile(SPEC, "utf8")).replace("branch: main", "branch: production");
  await writeFile(join(cwd, "slipway.yaml"), spec);
  assert.equal((await slipway(cwd, "pipeline")).code, 0);
  assert.deepEqual((await readdir(join(cwd, ".github/workflows"))).sort(), [
    "own.yml",
    "slipway-check.yml",
    "slipway-deploy-production.yml",
    "slipway-deploy-staging.yml",
  ]);
});
