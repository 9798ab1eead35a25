import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { withData } from "./data-template.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const START_MS = 60_000;
const STOP_MS = 60_000;

/** A server that a test started. */
export interface RunningServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string;
  readonly apiKey: string;
  readonly pid: number;
  readonly home: string;
  /** Everything that the server has printed so far. */
  output(): string;
  /** Sends SIGTERM, waits for the end, removes the home, and answers the exit code. */
  stop(): Promise<number | null>;
  /** Sends a signal and nothing else. */
  kill(signal: NodeJS.Signals): void;
  /** Closes the channel to the server, as the end of whoever started it does. */
  abandon(): void;
  /** Resolves with the exit code, null after a signal that ended it. */
  readonly exited: Promise<number | null>;
}

/** How to start a server. */
export interface StartOptions {
  /** Added to an environment that holds nothing but PATH, HOME and what a test server needs. */
  readonly env?: Readonly<Record<string, string>>;
  /** A home to use, kept at the end; absent: one of its own, removed at the end. */
  readonly home?: string;
  readonly args?: readonly string[];
}

function environment(home: string, apiKey: string, extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    NODE_COMPILE_CACHE: join(ROOT, ".cache/compile"),
    APP_ENV: "test",
    PORT: "0",
    HOST: "127.0.0.1",
    SLIPWAY_HOME: home,
    API_KEY: apiKey,
    LOG_LEVEL: "warn",
    AGENTS_DIR: join(ROOT, "agents"),
    MIGRATE_AT_START: "true",
    ...extra,
  };
}

function readyUrl(message: unknown): string | undefined {
  if (typeof message !== "object" || message === null || !("type" in message) || message.type !== "ready")
    return undefined;
  return "url" in message && typeof message.url === "string" ? message.url : undefined;
}

function untilReady(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolveReady, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`the server was not ready after ${START_MS} ms:\n${output()}`));
    }, START_MS);
    child.on("message", (message) => {
      const url = readyUrl(message);
      if (url === undefined) return;
      clearTimeout(timer);
      resolveReady(url);
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`the server ended with ${signal ?? code} before it was ready:\n${output()}`));
    });
  });
}

/** A home for one test, with a database that is ready where the embedded one is used. */
async function newHome(embedded: boolean): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "slipway-test-"));
  if (!embedded) return home;
  await withData(home, async (first) => {
    const server = await startServer({ home: first });
    await server.stop();
  });
  return home;
}

/** Starts a real server in a process of its own, by default on an embedded database of its own, and waits until it is ready. */
export async function startServer(options: StartOptions = {}): Promise<RunningServer> {
  const home = options.home ?? (await newHome(options.env?.["DATABASE_URL"] === undefined));
  const apiKey = options.env?.["API_KEY"] ?? `test-${randomBytes(24).toString("hex")}`;
  const child = spawn(process.execPath, [join(ROOT, "server/src/main.ts"), ...(options.args ?? [])], {
    cwd: home,
    env: environment(home, apiKey, options.env ?? {}),
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let printed = "";
  const output = (): string => printed;
  child.stdout?.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const exited = new Promise<number | null>((resolveExit) => child.once("exit", (code) => resolveExit(code)));
  const cleanUp = async (): Promise<void> => {
    if (options.home === undefined) await rm(home, { recursive: true, force: true });
  };
  let url: string;
  try {
    url = await untilReady(child, output);
  } catch (error) {
    await cleanUp();
    throw error;
  }
  return {
    url,
    apiKey,
    pid: child.pid ?? 0,
    home,
    output,
    exited,
    kill: (signal) => void child.kill(signal),
    abandon: () => child.disconnect(),
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      const code = await exited;
      clearTimeout(timer);
      await cleanUp();
      return code;
    },
  };
}
