import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { inCheckout } from "#lib/checkout.ts";

const MAIN = inCheckout("deploy/src/main.ts");

async function slipway(cwd: string, ...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], { cwd, timeout: 60_000 }, (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "slipway-spec-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

test("init writes a file without asking, spec check finds it right, render writes it for its platform", async (t) => {
  const cwd = await folder(t);
  const init = await slipway(cwd, "init", "--yes", "--name", "desk", "--provider", "gke", "--host", "desk.example");
  assert.equal(init.code, 0, init.err);
  const again = await slipway(cwd, "init", "--yes", "--name", "desk");
  assert.equal(again.code, 1);
  assert.match(again.err, /slipway\.yaml is there already\.\n--force replaces it/);
  const check = await slipway(cwd, "spec", "check");
  assert.match(check.out, /^ok {2}development: compose, desk\nok {2}production: kubernetes, desk\n$/);
  const bare = await slipway(cwd, "render", "--env", "production", "--out", "out");
  assert.match(bare.err, /The image `app` has no digest[^]*Pass --digest/);
  const digest = `sha256:${"ab".repeat(32)}`;
  const render = await slipway(cwd, "render", "--env", "production", "--digest", digest, "--out", "out");
  assert.equal(render.code, 0, render.err);
  assert.ok(
    (await readFile(join(cwd, "out/plain/all.yaml"), "utf8")).includes(`registry.example/desk/slipway@${digest}`),
  );
  // Another platform into the same folder: what was rendered before goes, what a person put there stays.
  await writeFile(join(cwd, "out/notes.txt"), "mine");
  const onCompose = ["render", "--env", "production", "--target", "compose", "--out", "out"] as const;
  const untagged = await slipway(cwd, ...onCompose);
  assert.equal(untagged.code, 1);
  assert.match(untagged.err, /image-moving-tag[^]*nothing was written/);
  const compose = await slipway(cwd, ...onCompose, "--digest", digest);
  assert.equal(compose.code, 0, compose.err);
  const left = (await readdir(join(cwd, "out"), { recursive: true, withFileTypes: true })).filter((one) =>
    one.isFile(),
  );
  assert.deepEqual(left.map(({ name }) => name).sort(), [
    ".gitignore",
    ".slipway-rendered",
    "compose.yaml",
    "haproxy.cfg",
    "make-secrets.sh",
    "notes.txt",
    "shift.sh",
    "slipway.yaml",
  ]);
});

test("wrong names on the command line end with 2, a wrong file with 1 and its line", async (t) => {
  const cwd = await folder(t);
  const missing = await slipway(cwd, "spec", "check");
  assert.equal(missing.code, 2);
  assert.match(missing.err, /slipway\.yaml cannot be read/);
  await writeFile(join(cwd, "slipway.yaml"), "name: desk\nservces: {}\n");
  const wrong = await slipway(cwd, "spec", "check");
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /slipway\.yaml:2:1: `servces` is no field here; did you mean `services`\?/);
  const target = await slipway(cwd, "render", "--env", "production", "--target", "kuberntes", "--out", "out");
  assert.equal(target.code, 2);
  assert.match(target.err, /did you mean "kubernetes"\?/);
});

test("eject writes an environment with its runbook into a new folder, and touches none that holds something", async (t) => {
  const cwd = await folder(t);
  assert.equal((await slipway(cwd, "init", "--yes", "--name", "desk", "--provider", "gke")).code, 0);
  const eject = ["eject", "--env", "production", "--digest", `sha256:${"ab".repeat(32)}`, "--out", "own"];
  const first = await slipway(cwd, ...eject);
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /begin with own\/RUNBOOK\.md/);
  const page = await readFile(join(cwd, "own/RUNBOOK.md"), "utf8");
  assert.match(page, /^# Runbook: desk, environment production, on kubernetes\n/);
  assert.match(page, /kubectl rollout undo deployment\/desk-desk/);
  await writeFile(join(cwd, "own/RUNBOOK.md"), "mine");
  const again = await slipway(cwd, ...eject);
  assert.equal(again.code, 1);
  assert.match(again.err, /own is not empty/);
  assert.equal(await readFile(join(cwd, "own/RUNBOOK.md"), "utf8"), "mine");
});

test("what cannot be written is told by its place and the reason, and ends with 2; an empty folder is none", async (t) => {
  const cwd = await folder(t);
  assert.equal((await slipway(cwd, "init", "--yes", "--name", "desk")).code, 0);
  await writeFile(join(cwd, "file"), "");
  await writeFile(join(cwd, "world.json"), '{"format": "slipway.observed/1", "resources": []}');
  const env = ["--env", "production", "--digest", `sha256:${"ab".repeat(32)}`];
  for (const args of [
    ["render", ...env, "--out", "file"],
    ["render", ...env, "--out", "file/below"],
    ["eject", ...env, "--out", "file"],
    ["plan", ...env, "--observed", "world.json", "--out", "nowhere/plan.json"],
    ["init", "--yes", "--out", "nowhere/slipway.yaml"],
  ]) {
    const { code, err } = await slipway(cwd, ...args);
    assert.equal(code, 2, `${args.join(" ")}: ${err}`);
    assert.match(
      err,
      /^\S+ cannot be written: (a part of it is a file|its folder is not there)\.\n--out names another place/,
    );
  }
  const empty = await slipway(cwd, "render", ...env, "--out", "");
  assert.equal(empty.code, 2);
  assert.match(empty.err, /it is empty/);
  assert.deepEqual((await readdir(cwd)).sort(), ["file", "slipway.yaml", "world.json"]);
});

test("what a rendering that was broken off has left is taken away by the next one that does not make it", async (t) => {
  const cwd = await folder(t);
  assert.equal((await slipway(cwd, "init", "--yes", "--name", "desk", "--provider", "gke")).code, 0);
  const digest = ["--env", "production", "--digest", `sha256:${"ab".repeat(32)}`, "--out", "out"];
  // A folder where the last of its files must go.
  await mkdir(join(cwd, "out/shift.sh"), { recursive: true });
  const broken = await slipway(cwd, "render", "--target", "compose", ...digest);
  assert.match(broken.err, /out cannot be written: it is a folder/);
  assert.ok((await readdir(join(cwd, "out"))).includes("compose.yaml"));
  await rm(join(cwd, "out/shift.sh"), { recursive: true });
  assert.equal((await slipway(cwd, "render", ...digest)).code, 0);
  assert.deepEqual((await readdir(join(cwd, "out"))).sort(), [
    ".slipway-rendered",
    "config",
    "helm",
    "kustomize",
    "plain",
  ]);
});
