import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SERVER_ENTRY, SERVER_NODE_FLAGS } from "@slipway/contracts/server-command.ts";
import type { Setup, Started } from "../lib/candidate.ts";
import { type Child, freePort, startChild, waitFor200 } from "../lib/child.ts";
import { pinned } from "../lib/cores.ts";
import { type BenchDatabase, openDatabase } from "../lib/database.ts";

const NAME = "slipway (governed)";
/** Limits and a budget, which nobody reaches: a governed request is held against them. */
const LIMITS = `
limits:
  - { name: key, per: key, requestsPerMinute: 10000000, tokensPerMinute: 1000000000, concurrency: 100000 }
  - { name: purse, per: tenant, budget: { day: 1000000, month: 1000000 } }
`;
const NAME_EMBEDDED = "slipway (governed, embedded database)";
const ROOT = join(import.meta.dirname, "../..");
const BUILD_TIMEOUT_MS = 60_000;
const MIGRATE_TIMEOUT_MS = 60_000;
const START_TIMEOUT_MS = 30_000;

let built = false;

/** The server's first module, bundled from the sources of now as the image's is. */
export function serverEntry(): string {
  if (!built) {
    const build = [join(ROOT, "tools/bundle/build-server.ts")];
    const { status, stderr } = spawnSync(process.execPath, build, { encoding: "utf8", timeout: BUILD_TIMEOUT_MS });
    if (status !== 0) throw new Error(`The server could not be bundled:\n${stderr}`);
    built = true;
  }
  return join(ROOT, SERVER_ENTRY);
}

/** `AUDIT_MODE` of whoever runs the bench: to see what answers that wait for their audit record cost. */
function auditMode(): NodeJS.ProcessEnv {
  const mode = process.env["AUDIT_MODE"];
  return mode === undefined ? {} : { AUDIT_MODE: mode };
}

/** The environment of a production server, with nothing switched off; without a database it gets the embedded one. */
export function productionEnvironment(
  database: BenchDatabase | undefined,
  home: string,
  port: number,
  apiKey: string,
): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    HOME: home,
    NODE_ENV: "production",
    NODE_COMPILE_CACHE: join(ROOT, ".cache/compile"),
    SLIPWAY_HOME: home,
    HOST: "127.0.0.1",
    PORT: String(port),
    API_KEY: apiKey,
    ENCRYPTION_KEY: randomBytes(32).toString("base64"),
    ...(database === undefined ? { ALLOW_EMBEDDED_DATABASE: "true" } : { DATABASE_URL: database.url }),
    AGENTS_DIR: join(ROOT, "agents"),
    ...auditMode(),
  };
}

/** Runs the migrations as the owner and lets the runtime login in. */
export function migrate(database: BenchDatabase, env: NodeJS.ProcessEnv): void {
  const result = spawnSync(process.execPath, [serverEntry(), "migrate", "--grant-to", database.login], {
    env: { ...env, MIGRATION_DATABASE_URL: database.adminUrl },
    encoding: "utf8",
    timeout: MIGRATE_TIMEOUT_MS,
  });
  if (result.status !== 0) throw new Error(`migrate failed:\n${result.stdout}${result.stderr}`);
}

async function configured(home: string, unlimited: boolean): Promise<NodeJS.ProcessEnv> {
  if (unlimited) return {};
  const file = join(home, "slipway.yaml");
  await writeFile(file, LIMITS);
  return { SLIPWAY_CONFIG: file };
}

/** Starts the server as in production: key, limits, a budget, usage ledger, audit, metrics and access log on, PostgreSQL outside where there is one. */
export async function slipway(setup: Setup): Promise<Started> {
  const database = await openDatabase({ cores: setup.restCores, givesWay: setup.databaseGivesWay });
  const home = await mkdtemp(join(tmpdir(), "slipway-bench-"));
  const apiKey = `bench-${randomBytes(16).toString("hex")}`;
  const port = await freePort();
  const env = {
    ...productionEnvironment(database, home, port, apiKey),
    TEST_MODE: "false",
    OPENAI_API_KEY: "sk-bench",
    OPENAI_BASE_URL: `http://127.0.0.1:${setup.upstreamPort}/v1`,
    ...(await configured(home, setup.unlimited ?? false)),
    ...setup.env,
  };
  let child: Child | undefined;
  const stop = async () => {
    await child?.stop();
    await database?.drop();
    await rm(home, { recursive: true, force: true });
  };
  try {
    if (database !== undefined) migrate(database, env);
    child = startChild(
      ...pinned(setup.cores, process.execPath, [
        ...SERVER_NODE_FLAGS,
        ...(setup.nodeFlags ?? []),
        setup.entry ?? serverEntry(),
      ]),
      {
        env,
        cwd: home,
        stdout: "drop",
      },
    );
    await waitFor200(`http://127.0.0.1:${port}/ready`, child, START_TIMEOUT_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  const shot = {
    url: `http://127.0.0.1:${port}/v1/chat/completions`,
    headers: { authorization: `Bearer ${apiKey}` },
    body: setup.body,
  };
  const helpers = database?.pid === undefined ? [] : [{ name: "its PostgreSQL", pid: database.pid }];
  const name = setup.name ?? (database === undefined ? NAME_EMBEDDED : NAME);
  return { name, shot, pid: child.pid, helpers, stop };
}
