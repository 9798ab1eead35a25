import { resolve } from "node:path";
import type { LimitSettings } from "#limits/limiter.ts";
import type { ProviderSettings } from "#providers/registry.ts";
import type { LogLevel } from "#telemetry/logger.ts";
import type { Environment } from "./env.ts";
import { acceptedWithoutEffect } from "./later.ts";
import { readProviders } from "./providers.ts";
import { EnvironmentReader } from "./reader.ts";

/** Parts of the server that can be switched on alone. */
export const ROLES = ["router", "memory", "agents", "worker", "console"] as const;
export type Role = (typeof ROLES)[number];

/** Everything that the server can be told, typed. Secrets are plain values here and are never logged. */
export interface Config {
  readonly environment: "development" | "staging" | "production" | "test";
  readonly roles: ReadonlySet<Role>;
  readonly release: string;
  readonly home: string;
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly maxBodyBytes: number;
    /** The longest that one request may take, answer included. */
    readonly requestTimeoutMs: number;
    /** How long running requests may go on after SIGTERM. */
    readonly drainTimeoutMs: number;
    readonly consoleDir: string;
  };
  readonly database: {
    /** Absent: the embedded database under `home`. */
    readonly url: string | undefined;
    /** The owner's connection, for migrations. */
    readonly migrationUrl: string | undefined;
    readonly poolSize: number;
    readonly migrateAtStart: boolean;
  };
  readonly keys: { readonly encryptionKey: string | undefined; readonly apiKey: string | undefined };
  readonly providers: ProviderSettings;
  /** True when the mock answers because nothing else is configured, and nobody asked for it by TEST_MODE. */
  readonly mockByDefault: boolean;
  /** The model of agents that name none. Undefined when no provider is configured. */
  readonly defaultModel: string | undefined;
  readonly agents: { readonly dir: string; readonly watch: boolean };
  readonly limits: LimitSettings;
  readonly log: { readonly level: LogLevel; readonly access: boolean };
  /** Variables that are set and understood, but whose effect this version does not have yet. */
  readonly withoutEffect: readonly string[];
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

/**
 * The environment as typed settings. Pure.
 * @throws SettingsError that lists every wrong or missing variable at once.
 */
export function loadConfig(environment: Environment, cwd: string): Config {
  const env = new EnvironmentReader(environment);
  const stage = env.choice(["APP_ENV", "NODE_ENV"], ["development", "staging", "production", "test"], "development");
  const roles = readRoles(env);
  const providers = readProviders(env);
  const level = env.choice(
    ["LOG_LEVEL", "LOGGING_LEVEL"],
    ["debug", "info", "warn", "warning", "error", "critical", "silent"],
    "info",
  );
  const config: Config = {
    environment: stage,
    roles,
    release: env.text("SLIPWAY_RELEASE") ?? "dev",
    home: resolve(cwd, env.text("SLIPWAY_HOME") ?? ".slipway"),
    http: {
      host: env.text("HOST") ?? "127.0.0.1",
      port: env.integer("PORT", defaultPort(roles), 0, 65_535),
      maxBodyBytes: env.integer("MAX_BODY_BYTES", 10 * 1024 * 1024, 1024, 512 * 1024 * 1024),
      requestTimeoutMs: 1000 * env.integer("REQUEST_TIMEOUT_SECONDS", 300, 1, 3600),
      drainTimeoutMs: 1000 * env.integer("DRAIN_TIMEOUT_SECONDS", 25, 0, 3600),
      consoleDir: resolve(import.meta.dirname, "../../../console/dist"),
    },
    database: readDatabase(env, stage === "development"),
    keys: { encryptionKey: env.secret("ENCRYPTION_KEY", 16), apiKey: env.secret("API_KEY", 8) },
    providers: providers.settings,
    mockByDefault: providers.mockByDefault,
    defaultModel: env.text("DEFAULT_MODEL") ?? providers.defaultModel,
    agents: {
      dir: resolve(cwd, env.text("AGENTS_DIR") ?? "agents"),
      watch: env.flag("AGENTS_WATCH") ?? stage === "development",
    },
    limits: {
      concurrency: env.integer("MAX_CONCURRENCY", 1000, 1, 100_000),
      concurrencyPerKey: env.integer("MAX_CONCURRENCY_PER_KEY", 1000, 1, 100_000),
      requestsPerMinute: env.integer("RATE_LIMIT_PER_MINUTE", 0, 0, 10_000_000),
    },
    log: {
      level: level === "warning" ? "warn" : level === "critical" ? "error" : level,
      access: env.flag("ACCESS_LOG") ?? (level === "debug" || level === "info"),
    },
    withoutEffect: acceptedWithoutEffect(env),
  };
  if (stage === "production" && config.database.url === undefined && !env.flag("ALLOW_EMBEDDED_DATABASE")) {
    env.problems.push(
      "DATABASE_URL is missing: the embedded database is not for production (ALLOW_EMBEDDED_DATABASE=true overrides this)",
    );
  }
  if (stage === "production" && config.keys.encryptionKey === undefined && config.database.url !== undefined) {
    env.problems.push(
      "ENCRYPTION_KEY is missing: in production the key that encrypts data is given, not made (try: openssl rand -base64 32)",
    );
  }
  env.finish();
  return config;
}
