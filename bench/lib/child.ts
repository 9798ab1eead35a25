import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** How much of a child's output is kept to explain why it did not start, in characters. */
const KEPT_OUTPUT = 8_000;
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 20;

/** A server that the bench started. */
export type Child = { pid: number; output(): string; exited(): boolean; stop(): Promise<void> };

export type ChildOptions = {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
  /** `keep` collects both outputs, `drop` sends standard output to /dev/null and keeps the errors. */
  stdout?: "keep" | "drop";
  stopSignal?: NodeJS.Signals;
};

/** Starts a server. `taskset` and `node` replace themselves by what they run, so the pid is the server's. */
export function startChild(command: string, args: readonly string[], options: ChildOptions = {}): Child {
  const { stdout = "keep", stopSignal = "SIGTERM", ...rest } = options;
  const child: ChildProcess = spawn(command, args, {
    ...rest,
    stdio: ["ignore", stdout === "keep" ? "pipe" : "ignore", "pipe"],
  });
  let output = "";
  const keep = (text: string) => (output = (output + text).slice(-KEPT_OUTPUT));
  child.stdout?.setEncoding("utf8").on("data", keep);
  child.stderr?.setEncoding("utf8").on("data", keep);
  child.on("error", (error) => keep(error.message));
  const exited = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  return {
    pid: child.pid ?? -1,
    output: () => output,
    exited,
    async stop() {
      if (exited()) return;
      const ended = once(child, "exit");
      child.kill(stopSignal);
      const killer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(killer);
    },
  };
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("The system gave no port");
  return address.port;
}

/** Waits until `url` answers 200. Throws with the child's output when it ends or `timeoutMs` passes first. */
export async function waitFor200(url: string, child: Child, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (child.exited()) throw new Error(`The server ended before it answered ${url}:\n${child.output()}`);
    const answer = await fetch(url).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return;
    await sleep(POLL_MS);
  }
  throw new Error(`No 200 from ${url} within ${timeoutMs} ms:\n${child.output()}`);
}
