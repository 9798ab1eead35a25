import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import type { Setup, Started } from "../lib/candidate.ts";
import { freePort, startChild, waitFor200 } from "../lib/child.ts";
import { pinned } from "../lib/cores.ts";

const NAME = "portkey gateway";
const VERSION = "1.15.2";
const CACHE = join(import.meta.dirname, "../../.cache/bench");
/** The package's `bin`. */
const START_FILE = "node_modules/@portkey-ai/gateway/build/start-server.js";
/**
 * Streams fail with `TypeError: immutable` on all later versions that its range allows
 * (https://github.com/Portkey-AI/gateway/issues/1389); whole answers are measured as npm installs the package.
 */
const STREAMING_NODE_SERVER = "1.14.1";
const INSTALL_TIMEOUT_MS = 300_000;
const START_TIMEOUT_MS = 30_000;

/** Installs the package into `folder`, once, without running any script. Answers why not when it fails. */
async function install(folder: string, overrides: Record<string, string>): Promise<string | undefined> {
  if (existsSync(join(folder, START_FILE))) return undefined;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), `${JSON.stringify({ private: true, overrides })}\n`);
  const args = ["install", `@portkey-ai/gateway@${VERSION}`, "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
  const result = spawnSync("npm", args, { cwd: folder, encoding: "utf8", timeout: INSTALL_TIMEOUT_MS });
  return result.status === 0 ? undefined : `npm ${args.join(" ")} failed: ${result.stderr.slice(-500)}`;
}

/** Starts Portkey's open source gateway as its readme does, without its console (`--headless`). */
export async function portkey(setup: Setup): Promise<Started> {
  const folder = join(CACHE, `portkey-${VERSION}${setup.stream ? "-stream" : ""}`);
  const failure = await install(folder, setup.stream ? { "@hono/node-server": STREAMING_NODE_SERVER } : {});
  if (failure !== undefined) return { name: NAME, missing: failure };
  const port = await freePort();
  const command = pinned(setup.cores, process.execPath, [join(folder, START_FILE), "--headless", `--port=${port}`]);
  const child = startChild(...command, {
    env: { ...process.env, NODE_ENV: "production" },
    cwd: folder,
    stdout: "drop",
  });
  try {
    await waitFor200(`http://127.0.0.1:${port}/`, child, START_TIMEOUT_MS);
  } catch (error) {
    await child.stop();
    throw error;
  }
  const headers = {
    authorization: "Bearer sk-bench",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `http://127.0.0.1:${setup.upstreamPort}/v1`,
  };
  const shot = { url: `http://127.0.0.1:${port}/v1/chat/completions`, headers, body: setup.body };
  return { name: NAME, shot, pid: child.pid, helpers: [], stop: () => child.stop() };
}
