import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { commandFolder, madeCommand } from "./made-command.ts";
import { nameSources } from "../bundle/traces.ts";

// `node start.ts …`, called by the launcher: runs the command, bundled if it can be, from its sources if not.

/** For a bundle to be made, which takes less than a second, in milliseconds. */
const PATIENCE = 30_000;

const root = dirname(dirname(import.meta.dirname));

/** Makes a bundle and gives its first file; undefined, with a line on stderr, when that does not work. */
async function makeCommand(): Promise<string | undefined> {
  // An installation without what is needed for development only, or a checkout that cannot be written: both are in order.
  if (!existsSync(join(root, "node_modules/rolldown")) || !isWritable(commandFolder(root))) return undefined;
  const { spawnSync } = await import("node:child_process");
  // A process of its own: whatever the bundler does, the command can still run from its sources.
  const { status, signal, error, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "make-command.ts"), root],
    { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8", timeout: PATIENCE, maxBuffer: 2 ** 20 },
  );
  const made = status === 0 ? madeCommand(root) : undefined;
  if (made === undefined) {
    const [said = ""] = stderr.trim().split("\n", 1);
    const reason = said || error?.message || (signal ?? "another one was put in its place");
    process.stderr.write(
      `slipway: the command could not be bundled and runs from its sources: ${reason.slice(0, 300)}\n`,
    );
  }
  return made;
}

function isWritable(folder: string): boolean {
  try {
    mkdirSync(join(folder, "compile"), { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

// The launcher gives this process a compile cache of its own, which is emptied with each new bundle; programs that the command
// starts have the checkout's.
if (process.env["NODE_COMPILE_CACHE"] === join(commandFolder(root), "compile"))
  process.env["NODE_COMPILE_CACHE"] = join(root, ".cache/compile");

const bundled = madeCommand(root) ?? (await makeCommand());
if (bundled !== undefined) nameSources(dirname(bundled));
await import(pathToFileURL(bundled ?? join(root, "deploy/src/main.ts")).href);
