import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { bundle } from "../bundle/bundle.ts";
import { commandFolder, currentFile, type MadeCommand, readMade, stampsOf } from "./made-command.ts";

// `node make-command.ts ROOT`: bundles the command of a checkout and puts it in force. Each bundle has a folder of its own, and one
// rename puts it in force, so that several may be made at once and none is seen in part. What went wrong is said on stderr.

/** What the bundle depends on besides the modules in it: how packages are found, which are installed, and how it is made. */
const ALSO = [
  "package.json",
  "contracts/package.json",
  "deploy/package.json",
  "package-lock.json",
  "node_modules/.package-lock.json",
  "contracts/node_modules",
  "deploy/node_modules",
  "tools/bundle/bundle.ts",
  "tools/launcher/make-command.ts",
  "tools/launcher/made-command.ts",
];

/** File systems tell the time of a change in steps of up to this, in milliseconds. */
const CLOCK_STEP = 20;

/** How long an older bundle stays for those that have started with it and may load more of it, in milliseconds. */
const KEPT = 600_000;

async function make(root: string): Promise<void> {
  const home = commandFolder(root);
  const folder = join(home, `made-${process.pid}-${Date.now().toString(36)}`);
  mkdirSync(folder);
  try {
    const begun = statSync(folder).ctimeMs;
    const { sources, chunks } = await bundle({ root, entry: join(root, "deploy/src/main.ts"), folder });
    const read = stampsOf([...sources, ...ALSO.map((path) => join(root, path))]);
    // It could hold the text from before the change and bear the time after it.
    const changed = read.find(([, changedMs]) => changedMs > begun - CLOCK_STEP);
    if (changed !== undefined) throw new Error(`${changed[0]} was changed meanwhile`);
    const made: MadeCommand = {
      root,
      version: process.version,
      entry: join(folder, "main.mjs"),
      files: [...read, ...stampsOf(chunks)],
    };
    putInForce(root, made);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  try {
    removeOthers(home, folder);
  } catch {
    // Another one removes them, too, or they are another user's: the next bundle tries again.
  }
}

function putInForce(root: string, made: MadeCommand): void {
  const before = readMade(root);
  const current = currentFile(root);
  const written = `${current}.${process.pid}`;
  writeFileSync(written, JSON.stringify(made));
  renameSync(written, current);
  // It is kept from now on, not from when it was made.
  if (before !== undefined && existsSync(before.entry)) utimesSync(dirname(before.entry), new Date(), new Date());
}

/** Older bundles, also half of one that was broken off; and what Node keeps of them, which is all that it keeps there. */
function removeOthers(home: string, folder: string): void {
  const stay = new Set([basename(folder), "compile", basename(currentFile(""))]);
  for (const name of readdirSync(home)) {
    const path = join(home, name);
    if (!stay.has(name) && Date.now() - statSync(path).mtimeMs > KEPT) rmSync(path, { recursive: true, force: true });
  }
  // The folders stay: a process that runs now writes what it has compiled at its end.
  for (const entry of readdirSync(join(home, "compile"), { recursive: true, withFileTypes: true }))
    if (entry.isFile()) rmSync(join(entry.parentPath, entry.name), { force: true });
}

try {
  await make(process.argv[2] ?? dirname(dirname(import.meta.dirname)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
