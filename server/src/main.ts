import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { toSlipwayError } from "@slipway/contracts/errors.ts";
import { type Config, loadConfig } from "#config/config.ts";
import { type Environment, readEnvironment } from "#config/env.ts";
import { referencesOf } from "#config/secret-variables.ts";
import type { OpenSecrets } from "#config/secrets.ts";
import { SettingsError } from "#config/reader.ts";
import type { DatabaseConnection } from "#store/connection.ts";
import { createLogger, describeError, type Logger } from "#telemetry/logger.ts";
import type { Siblings } from "#workers/seat.ts";
import type { Service } from "./service.ts";

const USAGE = `Usage: node server/dist/main.mjs [command], or server/src/main.ts in a checkout

  [--workers N|auto]          serve, with so many processes (default: WORKERS, otherwise 1)
  migrate [--grant-to ROLE]   run the migrations that have not run yet, and exit; the role is the server's login
  warm                        load every module, so that the compile cache holds it, and exit
`;

const DONE = 0;
const FAILED = 1;
const WRONG_SETTINGS = 2;

/** A database that the process may use, and how to let go of it. */
interface OpenDatabase {
  readonly connection: DatabaseConnection;
  close(): Promise<void>;
}

async function openDatabase(url: string | undefined, config: Config, log: Logger): Promise<OpenDatabase> {
  if (url !== undefined) return { connection: { engine: "postgresql", url }, close: () => Promise.resolve() };
  // Loaded when they are needed: a server on PostgreSQL that does not migrate carries neither.
  const { startEmbeddedDatabase } = await import("#store/embedded/start.ts");
  const embedded = await startEmbeddedDatabase({
    dataDir: join(config.home, "data"),
    onOutput: (line) => log.warn({ line }, "the embedded database says"),
    onCrash: (reason) => {
      log.error({ reason }, "the embedded database has ended and the server with it; start it again");
      process.exit(FAILED);
    },
  });
  return { connection: embedded.connection, close: () => embedded.stop() };
}

async function runMigrations(connection: DatabaseConnection, log: Logger, grantTo?: string): Promise<void> {
  const { migrate } = await import("#store/migrate.ts");
  const { applied } = await migrate(connection, {
    onApplied: (name) => log.info({ migration: name }, "migration applied"),
    ...(grantTo === undefined ? {} : { grantTo }),
  });
  if (applied.length === 0) log.debug({}, "no migration was pending");
}

/** As at the start a database that is away is waited for; resolves too when the process is asked to end meanwhile. */
async function migrateWhenThere(connection: DatabaseConnection, log: Logger, ended: Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runMigrations(connection, log);
    } catch (thrown) {
      const error = toSlipwayError(thrown);
      if (error.code !== "database_unavailable") throw thrown;
      if (attempt % 20 === 1)
        log.warn({ attempt, reason: error.message, hint: error.hint }, "waiting for the database, to migrate it");
      const asked = ended.then(() => true);
      if (await Promise.race([sleep(Math.min(250 * attempt, 2000), false), asked])) return;
    }
  }
}

async function migrateCommand(config: Config, log: Logger, grantTo: string | undefined): Promise<number> {
  const database = await openDatabase(config.database.migrationUrl ?? config.database.url, config, log);
  try {
    await runMigrations(database.connection, log, grantTo);
    return DONE;
  } finally {
    await database.close();
  }
}

/** Resolves with the first signal that asks the process to end. A second Ctrl-C ends it at once; orchestrators may repeat SIGTERM. */
function untilAskedToEnd(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    process.on("SIGTERM", resolve);
    // Whoever started this server and listened to it is gone, without a word: nobody could end it any more.
    process.once("disconnect", () => resolve("SIGTERM"));
    process.on("SIGINT", (signal) => {
      if (asked) process.exit(FAILED);
      asked = true;
      resolve(signal);
    });
  });
}

const QUIET_LOOK_MS = 1000;
const QUIET_LOOKS = 5;

/**
 * Loading the program leaves some 20 MB of garbage, of which V8 keeps the pages for a quarter of a minute. One collection, of some
 * 30 ms, gives them back; it waits for a second in which nobody is served, and a server that has none collects by itself.
 */
function collectWhenQuiet(service: Service): void {
  let looks = 0;
  const timer = setInterval(() => {
    looks += 1;
    const quiet = service.running === 0;
    if (quiet || looks === QUIET_LOOKS) clearInterval(timer);
    if (quiet) collectStartGarbage();
  }, QUIET_LOOK_MS);
  timer.unref();
}

function collectStartGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext('gc({ type: "major", flavor: "last-resort" })');
  setFlagsFromString("--no-expose-gc");
}

/** Serves in this process, which is alone or one of several workers. */
async function serveCommand(config: Config, log: Logger, siblings?: Siblings, secrets?: OpenSecrets): Promise<number> {
  const ended = untilAskedToEnd();
  // The process that only keeps workers carries none of it.
  const { composeService } = await import("./service.ts");
  const database = await openDatabase(config.database.url, config, log);
  let service: Service | undefined;
  try {
    service = await composeService(config, database.connection, log, { siblings, secrets });
    // Beside workers that serve, a new one is given connections only when it can answer them.
    let url = siblings?.seat.othersServe ? undefined : await service.listen();
    if (config.database.migrateAtStart && siblings?.seat.migrates !== false) {
      const owner = config.database.migrationUrl;
      const connection: DatabaseConnection =
        owner === undefined ? database.connection : { engine: "postgresql", url: owner };
      await migrateWhenThere(connection, log, ended);
    }
    const begun = await Promise.race([service.begin().then(() => true), ended.then(() => false)]);
    // One that is asked to end while it waits for its database was never ready, and nobody may take it for that.
    if (begun) {
      url ??= await service.listen();
      log.info({ url, mock: service.mock, environment: config.environment, roles: [...config.roles] }, "ready");
      process.send?.({ type: "ready", url });
      collectWhenQuiet(service);
    }
    const signal = await ended;
    log.info({ signal }, "draining");
    return (await service.drain()) ? DONE : FAILED;
  } finally {
    try {
      await service?.close();
    } finally {
      await database.close();
      siblings?.leave();
    }
  }
}

async function superviseCommand(config: Config, environment: Environment, log: Logger): Promise<number> {
  const { supervise } = await import("#workers/supervise.ts");
  return await supervise({
    workers: config.workers,
    environment,
    drainTimeoutMs: config.http.drainTimeoutMs,
    limits: config.limits,
    log,
    onReady: (url) => process.send?.({ type: "ready", url }),
  });
}

async function run(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      "grant-to": { type: "string" },
      workers: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  const command = positionals[0] ?? "serve";
  if (values.help || !["serve", "worker", "migrate", "warm"].includes(command) || positionals.length > 1) {
    process.stderr.write(USAGE);
    return values.help ? DONE : WRONG_SETTINGS;
  }
  if (command === "warm") {
    await Promise.all([
      import("./service.ts"),
      import("#workers/supervise.ts"),
      import("#workers/seat.ts"),
      import("#store/embedded/start.ts"),
      import("#store/migrate.ts"),
      import("#http/openapi.ts"),
      import("#router/price/catalogue.ts"),
      import("#config/secrets.ts"),
      import("#router/disconnect/token-worker.ts"),
    ]);
    flushCompileCache();
    return DONE;
  }
  const read = readEnvironment(process.env, ".env");
  const environment = values.workers === undefined ? read : { ...read, WORKERS: values.workers };
  // Loaded by who names a secret by reference.
  const secrets =
    referencesOf(environment).length === 0
      ? undefined
      : await (await import("#config/secrets.ts")).openSecrets(environment);
  const config = loadConfig(secrets?.environment ?? environment, process.cwd(), { held: secrets?.held });
  const siblings = command === "worker" ? await (await import("#workers/seat.ts")).takeSeat() : undefined;
  const { level, google } = config.log;
  const log = createLogger({ level, google, release: config.release, worker: siblings?.seat.worker });
  try {
    if (command === "migrate") return await migrateCommand(config, log, values["grant-to"]);
    // Workers are given the references and read the secrets themselves.
    if (siblings === undefined && config.workers > 1) return await superviseCommand(config, environment, log);
    return await serveCommand(config, log, siblings, secrets);
  } catch (thrown) {
    const error = toSlipwayError(thrown);
    log.error(
      { error: describeError(error.code === "internal" ? thrown : error), hint: error.hint },
      "the server cannot go on",
    );
    process.stderr.write(
      `slipway: ${error.code === "internal" ? String(thrown) : error.message} ${error.hint ?? ""}\n`,
    );
    return error.code === "database_unsafe" || error.code === "config_invalid" ? WRONG_SETTINGS : FAILED;
  }
}

try {
  process.exitCode = await run();
} catch (error) {
  if (!(error instanceof SettingsError) && !(error instanceof TypeError)) throw error;
  process.stderr.write(`slipway: ${error.message}\n`);
  process.exitCode = WRONG_SETTINGS;
}
// A connection or a timer that somebody forgot must not keep an ended server alive.
setTimeout(() => process.exit(), 1000).unref();
