import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** Milliseconds that the keeper may take to end everything. */
const PATIENCE = 60_000;

/** Ends what a test run has started and removes what it has made, however the run ends: also when it is killed. */
export interface Keeper {
  /**
   * Has a process, which leads a group, ended at the end of the run: by `signal`, and if that does not help, by SIGKILL.
   * @returns A function to call when it has ended by itself.
   */
  keepProcess(pid: number, signal: "SIGTERM" | "SIGINT"): () => void;
  /** Has a folder removed at the end of the run. */
  keepFolder(path: string): void;
  /** Ends and removes everything, the last first. */
  close(): Promise<void>;
}

/** A line of the keeper's input. */
export type Order =
  | { readonly order: "process"; readonly pid: number; readonly signal: "SIGTERM" | "SIGINT" }
  | { readonly order: "forget"; readonly pid: number }
  | { readonly order: "folder"; readonly path: string };

/** Starts the keeper: a process of its own that notices the end of this one by the end of its input. */
export function startKeeper(): Keeper {
  const child = spawn(process.execPath, [join(import.meta.dirname, "keeper.ts")], {
    detached: true,
    stdio: ["pipe", "ignore", "inherit"],
  });
  child.unref();
  // A keeper that was killed cannot be helped; its pipe must not end the run.
  child.stdin.on("error", () => undefined);
  const send = (order: Order): void => void child.stdin.write(`${JSON.stringify(order)}\n`);
  return {
    keepProcess(pid, signal) {
      send({ order: "process", pid, signal });
      return () => send({ order: "forget", pid });
    },
    keepFolder: (path) => send({ order: "folder", path }),
    async close() {
      child.ref();
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) {
        await once(child, "exit", { signal: AbortSignal.timeout(PATIENCE) }).catch(() => undefined);
      }
      // One that takes longer goes on without us.
      child.unref();
    },
  };
}
