import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { inCheckout } from "#lib/checkout.ts";

/** What the built console depends on, relative to the checkout. */
const SOURCES = ["console", "contracts/src", "package-lock.json", "tsconfig.json"];
const SKIPPED = new Set(["dist", "node_modules"]);
/** A build that takes longer hangs. Milliseconds. */
const BUILD_TIMEOUT = 300_000;
/** How much of the output of a failed build is shown. Characters. */
const SHOWN_OUTPUT = 4_000;

/**
 * Builds the console into console/dist unless what stands there was built from the same sources. A build that breaks off
 * leaves the old one in place.
 *
 * @param onBuild Called before a build, which takes seconds.
 * @returns Whether it was built.
 * @throws SlipwayError `console_not_built`
 */
export async function buildConsole(onBuild: () => void): Promise<boolean> {
  const dist = inCheckout("console/dist");
  const stamp = inCheckout(".cache/console.sha256");
  const hash = await hashSources();
  const built = await readFile(stamp, "utf8").catch(() => "");
  if (built === hash && existsSync(join(dist, "index.html"))) return false;
  onBuild();
  const fresh = inCheckout(`.cache/console-${process.pid}`);
  try {
    await mkdir(inCheckout(".cache"), { recursive: true });
    await viteBuild(fresh);
    await rm(stamp, { force: true });
    await rm(dist, { recursive: true, force: true });
    await rename(fresh, dist);
    await writeFile(stamp, hash);
  } catch (cause) {
    // Another one that built the same at the same time may have been faster.
    if ((await readFile(stamp, "utf8").catch(() => "")) === hash) return true;
    if (cause instanceof SlipwayError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new SlipwayError("console_not_built", `The console could not be put in place: ${message}`, {
      hint: `Make ${inCheckout("console")} and ${inCheckout(".cache")} writable.`,
      cause,
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return true;
}

/** One hash over names and contents of all sources. */
async function hashSources(): Promise<string> {
  const hash = createHash("sha256");
  async function add(path: string): Promise<void> {
    const entries = await readdir(inCheckout(path), { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) {
      const bytes = await readFile(inCheckout(path));
      hash.update(`${path}\0${bytes.length}\0`).update(bytes);
      return;
    }
    const names = entries.filter(({ name }) => !SKIPPED.has(name) && !name.includes(".test.")).map(({ name }) => name);
    for (const name of names.sort()) await add(`${path}/${name}`);
  }
  for (const path of SOURCES) await add(path);
  return hash.digest("hex");
}

async function viteBuild(outDir: string): Promise<void> {
  const args = [
    inCheckout("node_modules/vite/bin/vite.js"),
    "build",
    "--outDir",
    outDir,
    "--emptyOutDir",
    "--logLevel",
    "warn",
  ];
  const child = spawn(process.execPath, args, {
    cwd: inCheckout("console"),
    env: { ...process.env, NODE_ENV: "production" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: BUILD_TIMEOUT,
    killSignal: "SIGKILL",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (output = (output + chunk.toString()).slice(-SHOWN_OUTPUT)));
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code === 0) return;
  throw new SlipwayError("console_not_built", `The console could not be built:\n${output.trim()}`, {
    hint: "The error above names the file. `./slipway check` shows more.",
  });
}
