import { fork, type ChildProcess } from "node:child_process";
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { DatabaseConnection } from "../connection.ts";
import type { ChildMessage, ParentMessage } from "./protocol.ts";

/** How to start the embedded database. */
export interface EmbeddedOptions {
  /** The folder that holds the data and its lock. Made when it is not there, and closed to other users. */
  readonly dataDir: string;
  /** Milliseconds until it must be ready, 60,000 unless given: the first start makes the database. */
  readonly startTimeoutMs?: number;
  /** Told once when the database ends without having been stopped. Every verb fails with `database_unavailable` from then on. */
  readonly onCrash?: (reason: string) => void;
  /** Told of what the child writes to its standard error, line by line. */
  readonly onOutput?: (line: string) => void;
}

/** A running embedded database. */
export interface EmbeddedDatabase {
  readonly connection: DatabaseConnection;
  /** The child's process number. */
  readonly pid: number;
  /** Ends it in order, within 10 seconds. Close the store first. */
  stop(): Promise<void>;
}

const START_MS = 60_000;
const STOP_MS = 10_000;
const ENTRY = new URL("./child.ts", import.meta.url);
/** The child gets no secret of the server: it needs none. */
const PASSED_ON = ["PATH", "HOME", "TMPDIR", "NODE_COMPILE_CACHE"];

/**
 * Starts PGlite in a child process and waits until it takes connections. The child ends with this process, however that ends.
 *
 * The data survives the kill of either process at any time. It does not survive a power cut or a crash of the machine: PGlite
 * never asks the disk to write (fsync), so what the system still had in memory is lost, and files may not fit together. For
 * more, use PostgreSQL.
 *
 * Throws `database_unavailable` when another process holds the folder (its number is named) or when the start fails.
 */
export async function startEmbeddedDatabase(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const child = fork(ENTRY, [resolve(options.dataDir)], {
    execArgv: [],
    env: Object.fromEntries(
      PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    ),
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const tail = collectOutput(child, options.onOutput ?? (() => {}));
  const exited = new Promise<string>((resolveExit) => {
    child.once("exit", (code, signal) =>
      resolveExit(signal ? `it was ended by ${signal}` : `it ended with code ${code}`),
    );
    child.once("error", (error) => resolveExit(error.message));
  });
  let socketDir: string;
  try {
    socketDir = await started(child, exited, options.startTimeoutMs ?? START_MS, tail);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  let stopping = false;
  void exited.then((reason) => {
    // A killed child leaves the folder of its socket behind.
    void rm(socketDir, { recursive: true, force: true });
    if (!stopping) options.onCrash?.(`The embedded database has stopped: ${reason}.${said(tail)}`);
  });
  return {
    connection: { engine: "embedded", socketDir },
    pid: child.pid ?? 0,
    async stop() {
      stopping = true;
      const message: ParentMessage = { type: "stop" };
      // The error of a channel that is closed already is what `exited` tells, too.
      if (child.connected) child.send(message, () => {});
      const kill = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await exited;
      clearTimeout(kill);
    },
  };
}

function started(
  child: ChildProcess,
  exited: Promise<string>,
  timeoutMs: number,
  tail: readonly string[],
): Promise<string> {
  return new Promise((resolveStart, reject) => {
    const timer = setTimeout(() => reject(notStarted(`it was not ready after ${timeoutMs} ms`, tail)), timeoutMs);
    child.once("message", (message: ChildMessage) => {
      clearTimeout(timer);
      if (message.type === "ready") {
        resolveStart(message.socketDir);
        return;
      }
      const { hint } = message;
      reject(new SlipwayError("database_unavailable", message.message, hint === undefined ? {} : { hint }));
    });
    void exited.then((reason) => {
      clearTimeout(timer);
      reject(notStarted(reason, tail));
    });
  });
}

const TAIL_LINES = 20;
const LINE_CHARACTERS = 2000;

/** Hands lines on as they come and keeps the last ones for the message of a crash. */
function collectOutput(child: ChildProcess, onLine: (line: string) => void): readonly string[] {
  const tail: string[] = [];
  let rest = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = (lines.pop() ?? "").slice(-LINE_CHARACTERS);
    for (const line of lines) {
      tail.push(line.slice(0, LINE_CHARACTERS));
      if (tail.length > TAIL_LINES) tail.shift();
      onLine(line);
    }
  });
  return tail;
}

function notStarted(reason: string, tail: readonly string[]): SlipwayError {
  return new SlipwayError("database_unavailable", `The embedded database did not start: ${reason}.${said(tail)}`, {
    hint: "Start again; if it fails again, restore the data folder from a backup or set DATABASE_URL.",
  });
}

function said(tail: readonly string[]): string {
  return tail.length === 0 ? "" : ` It said: ${tail.join(" / ")}`;
}
