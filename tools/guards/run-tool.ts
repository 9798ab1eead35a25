import { spawn } from "node:child_process";

/** A guard's tool that takes longer hangs. Milliseconds. */
const TOOL_TIMEOUT = 180_000;

/** How a tool ended and what it said. */
export interface ToolResult {
  /** Exit code; 128 and more when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a Node program of node_modules in a checkout and collects its output.
 *
 * @throws Error when it does not end within three minutes.
 */
export async function runTool(root: string, script: string, args: readonly string[]): Promise<ToolResult> {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TOOL_TIMEOUT,
    killSignal: "SIGKILL",
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => {
      if (signal === "SIGKILL") reject(new Error(`${script} did not end within ${TOOL_TIMEOUT / 1000} s.`));
      else resolve(status ?? 128);
    });
  });
  return { code, stdout: Buffer.concat(stdout).toString("utf8"), stderr: Buffer.concat(stderr).toString("utf8") };
}
