import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { text as textOf } from "node:stream/consumers";
import { readPaths } from "#manifests/read-paths.ts";

const MAIN = join(import.meta.dirname, "../main.ts");
const BAD =
  "# why\nservices:\n  db:\n    image: postgres:17.2@sha256:00\n    ports:\n      - 5432:5432 # for the tools\n";

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function slipway(folder: string, args: readonly string[], input = ""): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, "check-manifests", ...args], { cwd: folder });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  child.stdin.end(input);
  const [out, err, code] = await Promise.all([textOf(child.stdout), textOf(child.stderr), ended]);
  return { code, out, err };
}

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-manifests-"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

test("the command ends with 1 for findings, 0 without, 2 when called wrongly, and prints JSON of one form", async (t) => {
  const folder = await folderWith({
    "a/compose.yaml": BAD,
    "node_modules/x/compose.yaml": BAD,
    "notes.yaml": "a: 1\n",
  });
  t.after(() => rm(folder, { recursive: true }));
  const bad = await slipway(folder, ["--format", "json", "."]);
  assert.equal(bad.code, 1, bad.err);
  const { findings } = JSON.parse(bad.out) as { findings: { rule: string; file: string; line: number }[] };
  assert.deepEqual(
    findings.map((each) => [each.rule, each.file, each.line]),
    [["compose-database-port-public", "a/compose.yaml", 6]],
  );
  assert.equal((await slipway(folder, ["notes.yaml"])).code, 0);
  assert.equal((await slipway(folder, ["--fail-on", "never", "."])).code, 0);
  const gone = await slipway(folder, ["gone"]);
  assert.equal(gone.code, 2);
  assert.match(gone.err, /no file or folder "gone"/);
  assert.equal((await slipway(folder, [])).code, 2);
  assert.equal((await slipway(folder, ["--format", "xml", "."])).code, 2);
});

test("standard input is checked, told by what it says", async (t) => {
  const folder = await folderWith({});
  t.after(() => rm(folder, { recursive: true }));
  const dockerfile = await slipway(folder, ["--format", "json", "-"], "FROM node:16\nUSER 1000\n");
  assert.match(dockerfile.out, /"image-end-of-life"/);
  assert.match(dockerfile.out, /"file": "-"/);
  const sarif = await slipway(folder, ["--format", "sarif", "-"], BAD);
  assert.equal((JSON.parse(sarif.out) as { version: string }).version, "2.1.0");
  assert.equal((await slipway(folder, ["--fix", "-"], BAD)).code, 2);
});

test("--fix writes what it mends, comments stay, and a second run changes nothing", async (t) => {
  const folder = await folderWith({ "compose.yaml": BAD });
  t.after(() => rm(folder, { recursive: true }));
  const first = await slipway(folder, ["--fix", "compose.yaml"]);
  assert.equal(first.code, 0, first.out);
  assert.match(first.out, /1 mended/);
  const mended = await readFile(join(folder, "compose.yaml"), "utf8");
  assert.equal(mended, BAD.replace("5432:5432", '"127.0.0.1:5432:5432"'));
  assert.doesNotMatch((await slipway(folder, ["--fix", "compose.yaml"])).out, /mended/);
  assert.equal(await readFile(join(folder, "compose.yaml"), "utf8"), mended);
});

test("a walk keeps within its bounds, says what it left out, and does not leave by a link", async (t) => {
  const folder = await folderWith({
    "a/b/c/compose.yaml": BAD,
    "one.yaml": BAD,
    "two.yaml": BAD,
    "big.yaml": "x".repeat(2_000),
    "guide.md": "#",
    Dockerfile: "FROM a",
    ".dockerignore": "*",
  });
  t.after(() => rm(folder, { recursive: true }));
  await symlink("..", join(folder, "a", "up"));
  const bounds = { files: 100, bytes: 1_000, total: 1_000_000, depth: 2 };
  const all = await readPaths([folder], bounds);
  assert.deepEqual(all.files.map((each) => each.path.slice(folder.length + 1)).sort(), [
    ".dockerignore",
    "Dockerfile",
    "one.yaml",
    "two.yaml",
  ]);
  assert.deepEqual(all.notes.map((each) => each.file.slice(folder.length + 1)).sort(), ["a/b/c", "big.yaml"]);
  const few = await readPaths([folder], { ...bounds, files: 2 });
  assert.equal(few.files.length, 2);
  assert.ok(few.notes.some((each) => each.note.includes("more than is read at once")));
  const named = await readPaths([join(folder, "Dockerfile"), join(folder, "guide.md")], bounds);
  assert.deepEqual(
    named.files.map((each) => each.path.slice(folder.length + 1)),
    ["Dockerfile", ".dockerignore", "guide.md"],
  );
});
