import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";

/** The checkout that is tested. */
export const ROOT = join(import.meta.dirname, "../..");

/** How a launcher ended and what it said. */
export interface Launched {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with the launcher and just enough around it to see what it does: its command prints what it was called with. */
export interface Skeleton {
  /** A folder of one test, with a space in its name. */
  readonly folder: string;
  /** The checkout in it. */
  readonly root: string;
  /** A folder for programs that stand first on PATH. */
  readonly bin: string;
  /** Starts the launcher with a PATH of `bin` and the system's folders. */
  start(args: readonly string[], options?: LaunchOptions): ChildProcess;
  /** Runs the launcher to its end. */
  run(args: readonly string[], options?: LaunchOptions): Promise<Launched>;
}

/** How a launcher is called. */
export interface LaunchOptions {
  readonly cwd?: string;
  /** The launcher by another path. */
  readonly file?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const COMMAND = `
const { node } = process.versions;
console.log(JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd(), node, exec: process.execPath, cache: process.env.NODE_COMPILE_CACHE }));
`;

/** Makes a skeleton; programs of the system that the launcher needs are linked into a folder of their own, so that nothing else is on PATH. */
export async function makeSkeleton(t: TestContext): Promise<Skeleton> {
  const folder = await mkdtemp(join(tmpdir(), "slipway launcher "));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const root = join(folder, "check out");
  const bin = join(folder, "bin");
  const system = join(folder, "system");
  for (const path of [bin, system, join(root, "deploy/src")]) await mkdir(path, { recursive: true });
  for (const path of ["slipway", "package-lock.json", "tools/node", "tools/bundle", "tools/launcher"]) {
    await cp(join(ROOT, path), join(root, path), { recursive: true });
  }
  await writeFile(join(root, "deploy/src/main.ts"), COMMAND);
  for (const program of [
    "sh",
    "cat",
    "cmp",
    "cp",
    "date",
    "kill",
    "mkdir",
    "mv",
    "readlink",
    "rm",
    "sleep",
    "uname",
    "chmod",
    "sed",
  ]) {
    const path = ["/bin", "/usr/bin"].map((place) => join(place, program)).find((candidate) => existsSync(candidate));
    if (path !== undefined) await symlink(path, join(system, program));
  }
  const skeleton: Skeleton = {
    folder,
    root,
    bin,
    start: (args, options = {}) =>
      spawn(options.file ?? join(root, "slipway"), args, {
        cwd: options.cwd ?? folder,
        env: { PATH: [bin, system].join(delimiter), HOME: folder, ...options.env },
        stdio: ["ignore", "pipe", "pipe"],
      }),
    run: (args, options) => finish(skeleton.start(args, options)),
  };
  return skeleton;
}

/** Puts in place what the launcher bundles with, and marks all packages as installed. */
export async function installBundler({ root, bin }: Skeleton): Promise<void> {
  await writeProgram(bin, "node", THIS_NODE);
  await mkdir(join(root, "node_modules"));
  for (const mark of [".package-lock.json", ".slipway-lock"])
    await cp(join(root, "package-lock.json"), join(root, "node_modules", mark));
  await symlink(join(ROOT, "node_modules/rolldown"), join(root, "node_modules/rolldown"));
}

/** Waits for the end of a launcher and collects what it says. */
export async function finish(child: ChildProcess): Promise<Launched> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/** Puts a shell script in place of a program. */
export async function writeProgram(folder: string, name: string, script: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, name), 0o755);
}

/** A Node that calls itself an old one, and otherwise is this one. */
export const OLD_NODE = `case $1 in -v|--version) echo v20.20.2;; *) exec '${process.execPath}' "$@";; esac`;

/** This Node under its own name. */
export const THIS_NODE = `exec '${process.execPath}' "$@"`;

/**
 * An npm that notes its calls in `npm.log` and does what the launcher waits for: it puts a Node in place, or the file by which
 * npm marks a complete installation. It takes until the file `until` is in the skeleton's folder; by default it does not wait.
 */
export function fakeNpm({ until = ".", version = "11.0.0" } = {}): string {
  return `
if [ "$1" = -v ]; then echo ${version}; exit; fi
echo "npm $*" >>"$HOME/npm.log"
prefix=
while [ $# -gt 0 ]; do if [ "$1" = --prefix ]; then prefix=$2; fi; shift; done
while [ ! -e "$HOME/${until}" ]; do sleep 0.1; done
mkdir -p "$prefix/node_modules"
case $prefix in
*/.cache/node)
  mkdir -p "$prefix/node_modules/node-here/bin"
  printf '%s\\n' '#!/bin/sh' 'exec "${process.execPath}" "$@"' >"$prefix/node_modules/node-here/bin/node"
  chmod +x "$prefix/node_modules/node-here/bin/node"
  mkdir -p "$prefix/node_modules/npm/bin"
  printf '%s\\n' 'const { status } = require("child_process").spawnSync(process.env.HOME + "/bin/npm", process.argv.slice(2), { stdio: "inherit" });' 'process.exit(status);' >"$prefix/node_modules/npm/bin/npm-cli.js" ;;
*) cp "$prefix/package-lock.json" "$prefix/node_modules/.package-lock.json" ;;
esac
echo "added packages"`;
}
