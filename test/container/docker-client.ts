import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { Readable } from "node:stream";

/** What running a command gave. */
export type Finished = { code: number | null; stdout: string; stderr: string };

export type RunOptions = {
  input?: NodeJS.ReadableStream;
  timeoutMs?: number;
  env?: Record<string, string>;
  /** Output after which there is nothing to wait for: the command is killed. */
  hopeless?: RegExp;
};

/** The Docker command line against one engine. */
export type Docker = {
  /** Runs `docker <args>` and answers its standard output, trimmed. Throws with the output when it fails. */
  run(args: string[], options?: RunOptions): Promise<string>;
  /** Runs `docker <args>` and answers how it ended. */
  attempt(args: string[], options?: RunOptions): Promise<Finished>;
  /** Runs `docker build <args>`, again when the engine lost the build's session. `dockerfile` goes to standard input. */
  build(args: string[], dockerfile?: string): Promise<void>;
};

const DEFAULT_TIMEOUT_MS = 120_000;
const BUILD_TIMEOUT_MS = 900_000;
const BUILD_ATTEMPTS = 3;
/** Docker 20.10 loses the session of a build now and then on a busy machine, and its client then waits for minutes. */
const LOST_SESSION = /no active session for \w+: context deadline exceeded/;
/** The first client that leaves BuildKit to the buildx plugin (Docker 23.0 release notes). */
const FIRST_WITHOUT_OWN_BUILDKIT = 23;

/** Every executable `docker` on PATH, in its order. */
function clientsOnPath(): string[] {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin", "/usr/local/bin"];
  const candidates = [...new Set(folders.filter((folder) => folder !== ""))].map((folder) => join(folder, "docker"));
  return candidates.filter((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Whether this client can build with BuildKit: by the buildx plugin, or by itself as clients before 23 do. */
function canUseBuildKit(client: string): boolean {
  if (spawnSync(client, ["buildx", "version"], { stdio: "ignore" }).status === 0) return true;
  const version = /version (\d+)\./.exec(spawnSync(client, ["--version"], { encoding: "utf8" }).stdout);
  return version !== null && Number(version[1]) < FIRST_WITHOUT_OWN_BUILDKIT;
}

/** Runs a command to its end. Never throws for an exit code; a command over its time is killed and has code null. */
export function finish(command: string, args: string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...options.env },
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (options.hopeless?.test(stderr)) child.kill("SIGKILL");
    });
    if (options.input !== undefined && child.stdin !== null) {
      // A command that stops reading says why on its standard error; the broken pipe says nothing.
      child.stdin.on("error", () => undefined);
      options.input.pipe(child.stdin);
    }
    const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

/** As `finish`, and throws with what the command said when its exit code is not 0. */
export async function mustFinish(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await finish(command, args, options);
  if (code !== 0) {
    throw new Error(
      `${command} ${args.join(" ")} ended with ${code ?? "a signal"}:\n${stdout.slice(-4000)}${stderr.slice(-4000)}`,
    );
  }
  return stdout.trim();
}

/**
 * A client for the engine at `host` (what DOCKER_HOST takes), with BuildKit on.
 * Prefers a client that can use BuildKit: a newer one without its buildx plugin may stand before an older one that can.
 */
export function dockerAt(host: string): Docker {
  const clients = clientsOnPath();
  const client = clients.find(canUseBuildKit) ?? clients[0];
  if (client === undefined) throw new Error("No docker client on PATH. On Debian: apt-get install docker.io");
  const env = { DOCKER_HOST: host, DOCKER_BUILDKIT: "1", BUILDKIT_PROGRESS: "plain" };
  const withEnv = (options?: RunOptions): RunOptions => ({ ...options, env: { ...env, ...options?.env } });
  const attempt: Docker["attempt"] = (args, options) => finish(client, args, withEnv(options));
  return {
    attempt,
    run: (args, options) => mustFinish(client, args, withEnv(options)),
    async build(args, dockerfile) {
      for (let tries = 1; ; tries++) {
        const input = dockerfile === undefined ? {} : { input: Readable.from([dockerfile]) };
        const limits = { timeoutMs: BUILD_TIMEOUT_MS, hopeless: LOST_SESSION };
        const { code, stdout, stderr } = await attempt(["build", ...args], { ...input, ...limits });
        if (code === 0) return;
        if (tries === BUILD_ATTEMPTS || !LOST_SESSION.test(stderr)) {
          throw new Error(
            `docker build ended with ${code ?? "a signal"}:\n${stdout.slice(-4000)}${stderr.slice(-8000)}`,
          );
        }
      }
    },
  };
}
