import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { SERVER_NODE_FLAGS } from "@slipway/contracts/server-command.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { inCheckout } from "#lib/checkout.ts";
import { shellStatus } from "#lib/run-program.ts";
import { readableLogLine } from "./log-lines.ts";

/** The longest that a start may take, in milliseconds; the first one of an embedded database takes some seconds. */
const READY_TIMEOUT = 60_000;

/** A server that was started as a process of its own. */
export interface ServerProcess {
  readonly pid: number;
  /** Its address, as soon as it answers there. Rejects with `server_not_started` when it ends before, or takes too long. */
  readonly ready: Promise<string>;
  /** Its exit code, as a shell would give it. */
  readonly ended: Promise<number>;
  /** Sends a signal to the server, which drains on SIGTERM and SIGINT. */
  signal(signal: NodeJS.Signals): void;
  /** Ends the server and every process that it started, at once. */
  kill(): void;
}

/**
 * Starts the server of this checkout. What it logs goes to stderr: readable lines on a terminal, otherwise its JSON as it is.
 */
export function startServer(environment: NodeJS.ProcessEnv): ServerProcess {
  const readable = process.stderr.isTTY;
  const child = spawn(process.execPath, [...SERVER_NODE_FLAGS, inCheckout("server/src/main.ts")], {
    env: environment,
    // In a group of its own, so that the Ctrl-C of a terminal reaches it once: through the one who started it.
    detached: true,
    stdio: ["ignore", readable ? "pipe" : 2, readable ? "pipe" : 2, "ipc"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface(stream).on("line", (line) => process.stderr.write(`${readableLogLine(line, true)}\n`));
  }
  const ended = new Promise<number>((resolve) => {
    child.once("error", () => resolve(1));
    child.once("exit", (code, signal) => resolve(shellStatus(code, signal)));
  });
  return {
    pid: child.pid ?? 0,
    ready: untilReady(child),
    ended,
    signal: (signal) => void child.kill(signal),
    kill: () => killGroup(child),
  };
}

function untilReady(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      killGroup(child);
      reject(notStarted(`The server was not ready after ${READY_TIMEOUT / 1000} s and was ended.`));
    }, READY_TIMEOUT);
    child.on("message", (message: { readonly type?: unknown; readonly url?: unknown }) => {
      if (message.type !== "ready" || typeof message.url !== "string") return;
      clearTimeout(timer);
      resolve(message.url);
    });
    child.once("error", (cause) => {
      clearTimeout(timer);
      reject(notStarted(`The server could not be started: ${cause.message}`));
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      reject(notStarted(`The server ended before it was ready (${signal === null ? `exit code ${code}` : signal}).`));
    });
  });
}

function notStarted(message: string): SlipwayError {
  return new SlipwayError("server_not_started", message, { hint: "What it said above names the reason." });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}
