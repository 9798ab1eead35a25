import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { PriceOverrides } from "@slipway/contracts/prices.ts";
import type { LimitSettings } from "#limits/limiter.ts";
import type { ProviderSettings } from "#providers/registry.ts";
import type { DrainSettings } from "#router/disconnect/drains.ts";
import type { GoogleLog } from "#telemetry/google-log.ts";
import type { LogLevel } from "#telemetry/logger.ts";
import { type AuditSettings, readAudit } from "./audit.ts";
import { type EdgeSettings, readEdge } from "./edge.ts";
import { type HeldSecrets, type IdentitySettings, readIdentity } from "./identity.ts";
import type { ConfigFileSettings } from "./config-file.ts";
import { readEgress } from "./egress.ts";
import type { Environment } from "./env.ts";
import { type AuditSinkSettings, readAuditSinks } from "./audit-sinks.ts";
import { acceptedWithoutEffect } from "./later.ts";
import { readPriceOverrides } from "./prices.ts";
import { readProviders } from "./providers.ts";
import { EnvironmentReader } from "./reader.ts";
import { readSemanticCache, type SemanticCacheSettings } from "./semantic-cache.ts";

const MOST_WORKERS = 256;

/** Parts of the server that can be switched on alone. */
export const ROLES = ["router", "memory", "agents", "worker", "console"] as const;
export type Role = (typeof ROLES)[number];

/** Everything that the server can be told, typed. Secrets are plain values here and are never logged. */
export interface Config {
  readonly environment: "development" | "staging" | "production" | "test";
  readonly roles: ReadonlySet<Role>;
  readonly release: string;
  readonly home: string;
  /** Processes that serve, on one port. */
  readonly workers: number;
  /** Servers like this one that serve together, this one included. */
  readonly replicas: number;
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly maxBodyBytes: number;
    /** The longest that one request may take, answer included. */
    readonly requestTimeoutMs: number;
    /** How long running requests may go on after SIGTERM. */
    readonly drainTimeoutMs: number;
    /** A stream that has been silent for so long gets a line that says nothing; 0: never. */
    readonly keepAliveMs: number;
    readonly consoleDir: string;
  };
  readonly edge: EdgeSettings;
  readonly identity: IdentitySettings;
  readonly database: {
    /** Absent: the embedded database under `home`. */
    readonly url: string | undefined;
    /** The owner's connection, for migrations. */
    readonly migrationUrl: string | undefined;
    readonly poolSize: number;
    readonly migrateAtStart: boolean;
  };
  readonly keys: { readonly encryptionKey: string | undefined; readonly apiKey: string | undefined };
  /** Absent: what replicas could share stays in each process. */
  readonly redis: { readonly url: string; readonly deadlineMs: number } | undefined;
  readonly answerCache: {
    /** Bytes of answers in this process; 0: no answer is kept. */
    readonly maxBytes: number;
  };
  /** Absent: only equal questions are given kept answers. */
  readonly semanticCache: SemanticCacheSettings | undefined;
  readonly idempotency: {
    /** How long a key stays in use after the server that served its request has gone. */
    readonly leaseMs: number;
  };
  readonly providers: ProviderSettings;
  /** Prices that stand over the catalogue's. */
  readonly prices: PriceOverrides;
  /** Bounds of reading on after a client has left. */
  readonly disconnects: DrainSettings;
  /** True when the mock answers because nothing else is configured, and nobody asked for it by TEST_MODE. */
  readonly mockByDefault: boolean;
  /** The model of agents that name none. Undefined when no provider is configured. */
  readonly defaultModel: string | undefined;
  readonly agents: { readonly dir: string; readonly watch: boolean };
  /** `slipway.yaml`. */
  readonly file: ConfigFileSettings;
  readonly limits: LimitSettings;
  /** Hosts and networks that outgoing requests may reach though they are not public. */
  readonly egress: { readonly allow: readonly string[] };
  /** How long what a process has reserved of limits in Redis is kept after it was last heard of. */
  readonly limitLeaseMs: number;
  readonly audit: AuditSettings;
  /** How long answers are kept for clients that go on from them. */
  readonly keptAnswers: { readonly retentionDays: number };
  readonly auditSinks: AuditSinkSettings;
  readonly log: {
    readonly level: LogLevel;
    readonly access: boolean;
    /** Set where Cloud Logging reads the lines. */
    readonly google: GoogleLog | undefined;
  };
  /** Variables that are set and understood, but whose effect this version does not have yet. */
  readonly withoutEffect: readonly string[];
}

function readGoogleLog(env: EnvironmentReader): GoogleLog | undefined {
  if (env.choice(["LOG_FORMAT"], ["json", "google"], "json") === "json") return undefined;
  const project = env.text("GOOGLE_CLOUD_PROJECT");
  if (project !== undefined && !/^[a-z0-9.:-]{1,63}$/.test(project))
    env.problems.push("GOOGLE_CLOUD_PROJECT must be the id of a project");
  return { project };
}

function readLog(env: EnvironmentReader): Config["log"] {
  const level = env.choice(
    ["LOG_LEVEL", "LOGGING_LEVEL"],
    ["debug", "info", "warn", "warning", "error", "critical", "silent"],
    "info",
  );
  return {
    level: level === "warning" ? "warn" : level === "critical" ? "error" : level,
    access: env.flag("ACCESS_LOG") ?? (level === "debug" || level === "info"),
    google: readGoogleLog(env),
  };
}

function readRoles(env: EnvironmentReader): ReadonlySet<Role> {
  return new Set(env.list("SLIPWAY_ROLES", ROLES) ?? ROLES);
}

// Router and console are known on 8080, agents and the memory gateway on 8000; a process with all of them listens as the router does.
function defaultPort(roles: ReadonlySet<Role>): number {
  return roles.has("router") || roles.has("console") ? 8080 : 8000;
}

function readDatabase(env: EnvironmentReader, development: boolean): Config["database"] {
  const protocols = ["postgres:", "postgresql:"];
  const url = env.url("DATABASE_URL", protocols);
  return {
    url,
    migrationUrl: env.url("MIGRATION_DATABASE_URL", protocols),
    poolSize: env.integer("DATABASE_POOL_SIZE", 10, 1, 500),
    migrateAtStart: env.flag("MIGRATE_AT_START") ?? (development || url === undefined),
  };
}

function readFileSettings(env: EnvironmentReader, cwd: string): ConfigFileSettings {
  const path = env.text("SLIPWAY_CONFIG");
  const text = env.text("SLIPWAY_CONFIG_TEXT");
  if (path !== undefined && text !== undefined)
    env.problems.push("SLIPWAY_CONFIG_TEXT is the file's text: SLIPWAY_CONFIG cannot name a file beside it");
  return { path: resolve(cwd, path ?? "slipway.yaml"), required: path !== undefined, text };
}

function readRedis(env: EnvironmentReader): Config["redis"] {
  const url = env.url("REDIS_URL", ["redis:", "rediss:"]);
  const deadlineMs = env.integer("REDIS_TIMEOUT_MS", 50, 1, 10_000);
  return url === undefined ? undefined : { url, deadlineMs };
}

/** What is wrong with settings that are each right by themselves. */
function checkTogether(env: EnvironmentReader, config: Config): void {
  const production = config.environment === "production";
  if (config.workers > 1 && config.database.url === undefined) {
    env.problems.push(
      `DATABASE_URL is missing: the embedded database serves one process, and WORKERS asks for ${config.workers} (set a PostgreSQL's address, or WORKERS=1)`,
    );
  }
  if (config.replicas > 1 && config.redis === undefined) {
    env.problems.push(
      `REDIS_URL is missing: ${config.replicas} replicas (REPLICAS) keep their limits and budgets together in Redis`,
    );
  }
  if (config.replicas > 1 && config.database.url === undefined) {
    env.problems.push("DATABASE_URL is missing: the embedded database serves one process, and REPLICAS asks for more");
  }
  if (production && config.database.url === undefined && !env.flag("ALLOW_EMBEDDED_DATABASE")) {
    env.problems.push(
      "DATABASE_URL is missing: the embedded database is not for production (ALLOW_EMBEDDED_DATABASE=true overrides this)",
    );
  }
  if (production && config.keys.encryptionKey === undefined && config.database.url !== undefined) {
    env.problems.push(
      "ENCRYPTION_KEY is missing: in production the key that encrypts data is given, not made (try: openssl rand -base64 32)",
    );
  }
}

/** What the environment does not say by itself. */
export interface ConfigSources {
  /** Those that this process may use; absent: as the scheduler and a container's quota leave them. */
  readonly cores?: number;
  /** Secrets that variables lead to by reference, for those who take another value while the server runs. */
  readonly held?: HeldSecrets | undefined;
}

/**
 * The environment as typed settings. Pure but for the default of `cores`.
 * @throws SettingsError that lists every wrong or missing variable at once.
 */
export function loadConfig(
  environment: Environment,
  cwd: string,
  { cores = availableParallelism(), held = () => undefined }: ConfigSources = {},
): Config {
  const env = new EnvironmentReader(environment);
  const stage = env.choice(["APP_ENV", "NODE_ENV"], ["development", "staging", "production", "test"], "development");
  const roles = readRoles(env);
  const providers = readProviders(env);
  const home = resolve(cwd, env.text("SLIPWAY_HOME") ?? ".slipway");
  const config: Config = {
    environment: stage,
    roles,
    release: env.text("SLIPWAY_RELEASE") ?? "dev",
    home,
    workers: env.integer("WORKERS", 1, 1, MOST_WORKERS, { auto: Math.min(cores, MOST_WORKERS) }),
    replicas: env.integer("REPLICAS", 1, 1, 10_000),
    http: {
      host: env.text("HOST") ?? "127.0.0.1",
      port: env.integer("PORT", defaultPort(roles), 0, 65_535),
      maxBodyBytes: env.integer("MAX_BODY_BYTES", 10 * 1024 * 1024, 1024, 512 * 1024 * 1024),
      requestTimeoutMs: 1000 * env.integer("REQUEST_TIMEOUT_SECONDS", 300, 1, 3600),
      drainTimeoutMs: 1000 * env.integer("DRAIN_TIMEOUT_SECONDS", 25, 0, 3600),
      keepAliveMs: 1000 * env.integer("STREAM_KEEPALIVE_SECONDS", 15, 0, 3600),
      consoleDir: resolve(import.meta.dirname, "../../../console/dist"),
    },
    edge: readEdge(env),
    identity: readIdentity(env, stage === "production", { environment, held }),
    database: readDatabase(env, stage === "development"),
    keys: { encryptionKey: env.secret("ENCRYPTION_KEY", 16), apiKey: env.secret("API_KEY", 8) },
    redis: readRedis(env),
    answerCache: { maxBytes: env.integer("ANSWER_CACHE_BYTES", 64 * 1024 * 1024, 0, 16 * 1024 * 1024 * 1024) },
    semanticCache: readSemanticCache(env),
    idempotency: { leaseMs: 1000 * env.integer("IDEMPOTENCY_LEASE_SECONDS", 30, 1, 600) },
    providers: providers.settings,
    prices: readPriceOverrides(env),
    disconnects: {
      timeMs: 1000 * env.integer("DISCONNECT_READ_SECONDS", 60, 0, 3600),
      atOnce: env.integer("DISCONNECT_READS", 256, 0, 10_000),
    },
    mockByDefault: providers.mockByDefault,
    defaultModel: env.text("DEFAULT_MODEL") ?? providers.defaultModel,
    agents: {
      dir: resolve(cwd, env.text("AGENTS_DIR") ?? "agents"),
      watch: env.flag("AGENTS_WATCH") ?? stage === "development",
    },
    file: readFileSettings(env, cwd),
    limits: {
      concurrency: env.integer("MAX_CONCURRENCY", 1000, 1, 100_000),
      concurrencyPerKey: env.integer("MAX_CONCURRENCY_PER_KEY", 1000, 1, 100_000),
      requestsPerMinute: env.integer("RATE_LIMIT_PER_MINUTE", 0, 0, 10_000_000),
    },
    egress: readEgress(env),
    limitLeaseMs: 1000 * env.integer("LIMIT_LEASE_SECONDS", 120, 1, 3600),
    audit: readAudit(env, env.text("DATABASE_URL") !== undefined),
    keptAnswers: { retentionDays: env.integer("RESPONSES_RETENTION_DAYS", 30, 1, 3650) },
    auditSinks: readAuditSinks(env, home, cwd),
    log: readLog(env),
    withoutEffect: acceptedWithoutEffect(env),
  };
  checkTogether(env, config);
  env.finish();
  return config;
}
