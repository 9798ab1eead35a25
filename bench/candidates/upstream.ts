import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { pinned } from "../lib/cores.ts";

/** The running upstream of all candidates. */
export type Upstream = { port: number; pid: number; stop(): Promise<void> };

/** Starts `bench/lib/upstream-server.ts` on `cores`; its settings are variables that begin with BENCH_UPSTREAM_. */
export async function startUpstream(
  cores: string | undefined,
  settings: Readonly<Record<string, string>> = {},
): Promise<Upstream> {
  const script = fileURLToPath(import.meta.resolve("../lib/upstream-server.ts"));
  const child = spawn(...pinned(cores, process.execPath, [script]), {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...settings },
  });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const { port } = JSON.parse(line) as { port: number };
  return {
    port,
    pid: child.pid ?? -1,
    async stop() {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}
