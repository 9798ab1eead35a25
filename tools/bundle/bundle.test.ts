import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { bundle } from "./bundle.ts";

const PROGRAM = {
  "main.ts": `
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { shared } from "./parts/shared.ts";
const plugin: { shared: object } = await import(import.meta.resolve("./parts/plugin.ts"));
const worker = new Worker(new URL("./parts/thread.ts", import.meta.url));
const said = await new Promise((done) => worker.once("message", done));
const text = readFileSync(new URL("./data.txt", import.meta.url), "utf8");
console.log(JSON.stringify({ one: plugin.shared === shared, said, text, here: import.meta.dirname, file: import.meta.filename, url: import.meta.url }));
`,
  "parts/shared.ts": "export const shared = {};",
  "parts/plugin.ts": 'export { shared } from "./shared.ts";',
  "parts/thread.ts": `
import { parentPort } from "node:worker_threads";
import { greeting } from "./greeting.ts";
parentPort?.postMessage(greeting as string);
`,
  "parts/greeting.ts": 'export const greeting = "from the thread";',
  "data.txt": "data",
};

async function made(t: TestContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "slipway-bundle-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, "src/parts"), { recursive: true });
  await writeFile(join(root, "package.json"), '{ "type": "module" }');
  for (const [name, text] of Object.entries(PROGRAM)) await writeFile(join(root, "src", name), text);
  await bundle({ root, entry: join(root, "src/main.ts"), folder: join(root, "out/made") });
  return root;
}

async function run(file: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  return JSON.parse(stdout);
}

test("a bundle finds files from where its sources stand, and what it runs and lends is in it", async (t) => {
  const root = await made(t);
  const src = join(root, "src");
  const says = {
    one: true,
    said: "from the thread",
    text: "data",
    here: src,
    file: join(src, "main.ts"),
    url: `file://${src}/main.ts`,
  };
  assert.deepEqual(await run(join(root, "out/made/main.mjs")), says);
  // Of its sources nothing but the data is needed, and another place does as well.
  await rm(join(src, "parts"), { recursive: true });
  const elsewhere = join(root, "elsewhere");
  await cp(join(root, "out"), join(elsewhere, "out"), { recursive: true });
  await cp(join(src, "data.txt"), join(elsewhere, "src/data.txt"));
  await rm(join(src, "main.ts"));
  const there = join(elsewhere, "src");
  const moved = { ...says, here: there, file: join(there, "main.ts"), url: `file://${there}/main.ts` };
  assert.deepEqual(await run(join(elsewhere, "out/made/main.mjs")), moved);
});

test("control: without the thread's chunk the program ends", async (t) => {
  const root = await made(t);
  const chunks = await readdir(join(root, "out/made"));
  const thread = chunks.find((name) => /^thread.*\.mjs$/.test(name));
  assert.ok(thread !== undefined, chunks.join(" "));
  await rm(join(root, "out/made", thread));
  await assert.rejects(run(join(root, "out/made/main.mjs")), /thread/);
});

test("a text in place of a module; one that is no part of the program is refused", async (t) => {
  const root = await made(t);
  const other = 'export const greeting = "another";';
  const entry = join(root, "src/main.ts");
  const instead = new Map([[join(root, "src/parts/greeting.ts"), other]]);
  await bundle({ root, entry, folder: join(root, "out/made"), instead });
  assert.equal(((await run(join(root, "out/made/main.mjs"))) as { said: string }).said, "another");
  const wrong = new Map([[join(root, "src/parts/gone.ts"), other]]);
  await assert.rejects(bundle({ root, entry, folder: join(root, "out/wrong"), instead: wrong }), /gone\.ts/);
});
