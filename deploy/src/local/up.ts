import { existsSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { parseEnv } from "node:util";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { inCheckout } from "#lib/checkout.ts";
import { parsePort } from "#lib/command-line.ts";
import { announcement } from "./announcement.ts";
import { apiKeyOf, apiKeyPath } from "./api-key-file.ts";
import { buildConsole } from "./console-build.ts";
import { prepareHome } from "./home.ts";
import { fetchOffered } from "./offered.ts";
import { assertPortFree } from "./port.ts";
import { type ServerProcess, startServer } from "./server-process.ts";

const HOST = "127.0.0.1";
const DEFAULT_PORT = 8080;

/** The flags of `slipway up`. */
export interface UpOptions {
  readonly port?: number;
  readonly home?: string;
  readonly workers?: string;
  readonly json: boolean;
}

function say(line: string): void {
  process.stderr.write(`slipway: ${line}\n`);
}

/**
 * Starts the platform and stays until it ends.
 *
 * @returns The server's exit code.
 * @throws SlipwayError `home_unusable`, `port_taken`, `console_not_built`, `server_not_started`
 */
export async function runUp(options: UpOptions): Promise<number> {
  const environment = readEnvironment();
  const home = resolve(options.home ?? environment["SLIPWAY_HOME"] ?? ".slipway");
  const port = options.port ?? portOf(environment["PORT"]);
  await prepareHome(home);
  await assertPortFree(HOST, port);
  const given = environment["API_KEY"];
  const apiKey = given ?? (await apiKeyOf(home));
  await readyConsole();
  const settings = { HOST, PORT: String(port), SLIPWAY_HOME: home, API_KEY: apiKey, ...agentsOf(environment) };
  const workers = options.workers === undefined ? {} : { WORKERS: options.workers };
  const server = startServer({ ...process.env, ...settings, ...workers });
  const stopping = forwardSignals(server);
  let url: string;
  try {
    url = await server.ready;
  } catch (thrown) {
    const code = await server.ended;
    if (stopping()) return code;
    if (code !== 2) throw thrown;
    say("the server does not start with these settings: see above.");
    return code;
  }
  const consoleUrl = `${url}/console/`;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ url, apiKey, consoleUrl, pid: server.pid })}\n`);
  } else {
    const keyFile = given === undefined ? fromHere(apiKeyPath(home)) : undefined;
    const offered = await fetchOffered(url, apiKey);
    process.stdout.write(announcement({ url, apiKey, consoleUrl, keyFile, home: fromHere(home), offered }));
  }
  const code = await server.ended;
  if (!stopping()) say(`the server ended by itself (exit code ${code}).`);
  return code;
}

/** The environment with what `.env` adds, as the server reads it: the key and the port that it says are the ones to print. */
function readEnvironment(): NodeJS.ProcessEnv {
  try {
    return { ...parseEnv(readFileSync(".env", "utf8")), ...process.env };
  } catch {
    return process.env;
  }
}

function portOf(text: string | undefined): number {
  if (text === undefined || text === "") return DEFAULT_PORT;
  try {
    return parsePort(text);
  } catch (cause) {
    throw new SlipwayError("usage", `PORT: ${cause instanceof Error ? cause.message : text}.`, {
      hint: "Unset PORT, or give --port N.",
      cause,
    });
  }
}

/** Called from a folder without agents of its own, it runs those of this checkout. */
function agentsOf(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return environment["AGENTS_DIR"] || existsSync("agents") ? {} : { AGENTS_DIR: inCheckout("agents") };
}

async function readyConsole(): Promise<void> {
  const start = performance.now();
  const built = await buildConsole(() => say("building the console (at the first start and after changes)…"));
  if (built) say(`building the console: done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/** Hands the first signal on, so that the server drains; a second SIGINT ends it at once. Answers whether there was one. */
function forwardSignals(server: ServerProcess): () => boolean {
  let asked = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (asked && signal === "SIGINT") server.kill();
      if (asked) return;
      asked = true;
      // A terminal shows ^C where the cursor stands.
      if (signal === "SIGINT" && process.stderr.isTTY) process.stderr.write("\n");
      say("stopping; running requests may finish (Ctrl-C again ends them)");
      server.signal(signal === "SIGHUP" ? "SIGTERM" : signal);
    });
  }
  process.once("exit", () => server.kill());
  return () => asked;
}

/** A path as short as it can be said here. */
function fromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}
