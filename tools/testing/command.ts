import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** How a command ended. */
export interface Ended {
  /** Null when a signal ended it, the time limit included. */
  readonly code: number | null;
  /** Standard output and error, as they came; the last 64 kB. */
  readonly output: string;
}

/** How to run a command. */
export interface CommandOptions {
  /** Milliseconds after which it is killed. */
  readonly timeout: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly onLine?: (line: string) => void;
}

const KEPT_OUTPUT = 65_536;

/** Runs a command to its end. A command that cannot be started ends with code 127. */
export async function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<Ended> {
  const { onLine, timeout, ...rest } = options;
  const child = spawn(command, args, { ...rest, stdio: ["ignore", "pipe", "pipe"], timeout, killSignal: "SIGKILL" });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      const text = chunk.toString();
      output = (output + text).slice(-KEPT_OUTPUT);
      for (const line of text.split("\n")) if (line.trim() !== "") onLine?.(line.trim());
    });
  }
  return await new Promise<Ended>((resolve) => {
    child.once("error", (error) => resolve({ code: 127, output: error.message }));
    child.once("close", (code) => resolve({ code, output }));
  });
}

/** Where a program stands on PATH, or in the folders for system programs, which PATH often leaves out. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/local/sbin"];
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** Whether a file may be executed. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
