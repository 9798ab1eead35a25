import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { test, type TestContext } from "node:test";
import { finish, installBundler, type Launched, makeSkeleton, ROOT, type Skeleton } from "./skeleton.ts";

/** Says from which file it runs, what two sources say, one of them loaded late, and where the first of them stands. */
const MAIN = `
import { word } from "./word.ts";
Error.prepareStackTrace = (_, calls) => calls[0].getFileName();
const runs: string = new Error().stack;
Error.prepareStackTrace = undefined;
const { late } = await import("./late.ts");
console.log(JSON.stringify({ runs, word, late, here: import.meta.dirname }));
`;

interface Said {
  readonly runs: string;
  readonly word: string;
  readonly late: string;
  readonly here: string;
}

/** A skeleton with something to bundle. */
async function bundling(t: TestContext): Promise<Skeleton> {
  const skeleton = await makeSkeleton(t);
  await installBundler(skeleton);
  await writeSource(skeleton, "main", MAIN);
  await writeSource(skeleton, "word", 'export const word: string = "one";');
  await writeSource(skeleton, "late", 'export const late: string = "uno";');
  return skeleton;
}

function sourceFile({ root }: Pick<Skeleton, "root">, name: string): string {
  return join(root, "deploy/src", `${name}.ts`);
}

async function writeSource(skeleton: Skeleton, name: string, text: string): Promise<void> {
  await writeFile(sourceFile(skeleton, name), text);
}

/** Another text of the same length, with the time of the old one: what looks at lengths and times of writing sees nothing. */
async function changeUnseen(skeleton: Skeleton, name: string, from: string, to: string): Promise<void> {
  const file = sourceFile(skeleton, name);
  const { atime, mtime } = await stat(file);
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace(from, to));
  await utimes(file, atime, mtime);
}

function said(launched: Launched): Said {
  assert.equal(launched.code, 0, launched.stderr);
  return JSON.parse(launched.stdout) as Said;
}

function bundled(skeleton: Skeleton, launched: Launched): Said {
  assert.equal(launched.stderr, "");
  const all = said(launched);
  assert.ok(all.runs.includes("/.cache/command/made-"), all.runs);
  assert.equal(all.here, join(skeleton.root, "deploy/src"));
  return all;
}

test("the command runs from a bundle, and whatever happens to a source is in force on the next call", async (t) => {
  const skeleton = await bundling(t);
  const first = bundled(skeleton, await skeleton.run([]));
  assert.deepEqual([first.word, first.late], ["one", "uno"]);
  assert.deepEqual(bundled(skeleton, await skeleton.run([])), first, "what is made is made once");

  await changeUnseen(skeleton, "late", "uno", "due");
  const changed = bundled(skeleton, await skeleton.run([]));
  assert.deepEqual([changed.word, changed.late], ["one", "due"]);

  await writeSource(skeleton, "added", 'export { word } from "./word.ts";');
  await writeSource(skeleton, "late", 'import { word } from "./added.ts";\nexport const late = word + " more";');
  assert.equal(bundled(skeleton, await skeleton.run([])).late, "one more");

  await rm(sourceFile(skeleton, "added"));
  const { code, stdout, stderr } = await skeleton.run([]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^slipway: the command could not be bundled and runs from its sources: .*\n/);
  assert.match(stderr, /Cannot find module '.*\/deploy\/src\/added\.ts'/);
});

test("control: a launcher that looks at nothing but whether there is a bundle runs the old source", async (t) => {
  const skeleton = await bundling(t);
  const file = join(skeleton.root, "tools/launcher/made-command.ts");
  const text = await readFile(file, "utf8");
  assert.ok(text.includes("made.files.every(isAsItWas)"));
  await writeFile(file, text.replace("made.files.every(isAsItWas)", "true || made.files.every(isAsItWas)"));
  bundled(skeleton, await skeleton.run([]));
  await changeUnseen(skeleton, "late", "uno", "due");
  assert.equal(bundled(skeleton, await skeleton.run([])).late, "uno");
});

test("another lockfile, another Node, a chunk that is gone: the bundle is made anew", async (t) => {
  const skeleton = await bundling(t);
  let { runs } = bundled(skeleton, await skeleton.run([]));
  const isAnother = async (): Promise<void> => {
    const next = bundled(skeleton, await skeleton.run([]));
    assert.notEqual(next.runs, runs);
    runs = next.runs;
  };
  await appendFile(join(skeleton.root, "package-lock.json"), " ");
  await isAnother();
  const current = join(skeleton.root, ".cache/command/current.json");
  await writeFile(current, (await readFile(current, "utf8")).replace(process.version, "v24.0.0"));
  await isAnother();
  await writeFile(current, (await readFile(current, "utf8")).slice(0, 500));
  await isAnother();
  await rm(new URL(runs));
  await isAnother();
});

test("a checkout that was moved is bundled for its new place", async (t) => {
  const skeleton = await bundling(t);
  const first = bundled(skeleton, await skeleton.run([]));
  const moved = { ...skeleton, root: join(skeleton.folder, "moved") };
  await rename(skeleton.root, moved.root);
  const second = bundled(moved, await skeleton.run([], { file: join(moved.root, "slipway") }));
  assert.notEqual(second.here, first.here);
});

test("several first calls at once all run, and leave one bundle that is whole", async (t) => {
  const skeleton = await bundling(t);
  const all = await Promise.all([1, 2, 3].map(() => skeleton.run([])));
  for (const launched of all) bundled(skeleton, launched);
  const { runs } = bundled(skeleton, await skeleton.run([]));
  assert.equal(bundled(skeleton, await skeleton.run([])).runs, runs);
});

test("an older bundle stays for a command that has started with it", async (t) => {
  const skeleton = await bundling(t);
  const go = join(skeleton.folder, "go");
  const waiting = MAIN.replace(
    "const { late }",
    `const { existsSync } = await import("node:fs");
process.stderr.write("waiting");
while (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 20));
const { late }`,
  );
  await writeSource(skeleton, "main", waiting);
  await writeFile(go, "");
  const { runs } = said(await skeleton.run([]));
  await rm(go);
  // It was made long ago.
  await utimes(new URL(".", runs), new Date(0), new Date(0));
  const child = skeleton.start([]);
  const ended = finish(child);
  assert.ok(child.stderr);
  await once(child.stderr, "data");
  await writeSource(skeleton, "word", 'export const word: string = "two";');
  await writeSource(skeleton, "main", MAIN);
  assert.equal(bundled(skeleton, await skeleton.run([])).word, "two");
  await writeFile(go, "");
  const late = said(await ended);
  assert.deepEqual([late.runs, late.word, late.late], [runs, "one", "uno"]);
});

for (const [how, program] of [
  ["throws", 'throw new Error("no such binding\\nand more");'],
  ["takes its process with it", "process.abort();"],
] as const) {
  test(`with a bundler that ${how} the command runs from its sources, and one line says so`, async (t) => {
    const skeleton = await bundling(t);
    const rolldown = join(skeleton.root, "node_modules/rolldown");
    await rm(rolldown);
    await mkdir(rolldown);
    await writeFile(join(rolldown, "package.json"), '{ "name": "rolldown", "type": "module", "main": "index.js" }');
    await writeFile(join(rolldown, "index.js"), `${program}\nexport const rolldown = undefined;`);
    const launched = await skeleton.run([]);
    assert.equal(said(launched).runs, `file://${encodeURI(sourceFile(skeleton, "main"))}`);
    assert.match(launched.stderr, /^slipway: the command could not be bundled and runs from its sources: [^\n]+\n$/);

    await rm(rolldown, { recursive: true });
    await symlink(join(ROOT, "node_modules/rolldown"), rolldown);
    bundled(skeleton, await skeleton.run([]));
  });
}

test("without a bundler, or where nothing can be written, it runs from its sources without a word", async (t) => {
  const skeleton = await bundling(t);
  const source = `file://${encodeURI(sourceFile(skeleton, "main"))}`;
  await mkdir(join(skeleton.root, ".cache"));
  await writeFile(join(skeleton.root, ".cache/command"), "a file where a folder would be made");
  const unwritable = await skeleton.run([]);
  assert.deepEqual([said(unwritable).runs, unwritable.stderr], [source, ""]);
  await rm(join(skeleton.root, ".cache/command"));
  await rm(join(skeleton.root, "node_modules/rolldown"));
  const without = await skeleton.run([]);
  assert.deepEqual([said(without).runs, without.stderr], [source, ""]);
});

test("a stack trace names sources and lines, not chunks", async (t) => {
  const skeleton = await bundling(t);
  await writeSource(
    skeleton,
    "late",
    "interface Gone {\n  readonly a: string;\n}\nexport const late = (): Gone => {\n  throw new Error('of late');\n};",
  );
  await writeSource(
    skeleton,
    "main",
    'const { late } = await import("./late.ts");\ntry {\n  late();\n} catch (error) {\n  console.log(error.stack);\n}',
  );
  const { stdout, stderr } = await skeleton.run([]);
  assert.equal(stderr, "");
  assert.deepEqual(stdout.split("\n").slice(0, 3), [
    "Error: of late",
    `    at late (${sourceFile(skeleton, "late")}:5:9)`,
    `    at ${sourceFile(skeleton, "main")}:3:3`,
  ]);
  // Without the maps it names chunks: it does run from a bundle.
  const current = await readFile(join(skeleton.root, ".cache/command/current.json"), "utf8");
  const { files } = JSON.parse(current) as { files: readonly (readonly [string, number, number])[] };
  for (const [file] of files) if (file.endsWith(".mjs")) await rm(`${file}.map`, { force: true });
  const { stdout: mapless } = await skeleton.run([]);
  assert.match(mapless, /at late \(file:.*\/\.cache\/command\/made-[^/]+\/late-[^/]+\.mjs:\d+:\d+\)/);
});

/** Of the command that is tested itself: help, what a wrong spec is told, costs, files with their check, and a mistake. */
const CALLS: readonly (readonly string[])[] = [
  ["--help"],
  ["spec", "check", "--spec", "wrong.yaml"],
  ["cost", "--spec", "slipway.yaml", "--env", "google"],
  ["render", "--spec", "slipway.yaml", "--env", "google", "--out", "out"],
  ["no-such-command"],
];

/** What the calls say and write, one after the other in a folder of their own. */
async function spoken(folder: string, program: readonly [string, ...string[]]): Promise<readonly unknown[]> {
  await mkdir(folder);
  const spec = await readFile(join(ROOT, "examples/master-agent/slipway.yaml"), "utf8");
  await writeFile(join(folder, "slipway.yaml"), spec);
  await writeFile(join(folder, "wrong.yaml"), spec.replace("services:", "servces:"));
  const [file, ...first] = program;
  const all: unknown[] = [];
  for (const args of CALLS) {
    const { NODE_COMPILE_CACHE: _, ...env } = process.env;
    const child = spawn(file, [...first, ...args], { cwd: folder, env: { ...env, SLIPWAY_NODE: process.execPath } });
    all.push({ args, ...(await finish(child)) });
  }
  const files = await readdir(join(folder, "out"), { recursive: true, withFileTypes: true });
  for (const entry of files.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    all.push([relative(folder, path), await readFile(path, "utf8")]);
  }
  return all;
}

test("the bundled command says and writes what its sources do", async (t) => {
  const { folder } = await makeSkeleton(t);
  const [bundle, sources] = await Promise.all([
    spoken(join(folder, "bundle"), [join(ROOT, "slipway")]),
    spoken(join(folder, "sources"), [process.execPath, join(ROOT, "deploy/src/main.ts")]),
  ]);
  assert.deepEqual(bundle, sources);
  const codes = bundle.slice(0, CALLS.length).map((each) => (each as Launched).code);
  assert.deepEqual(codes, [0, 1, 0, 0, 2]);
  assert.ok(bundle.length > CALLS.length + 20, "files were written");
});
