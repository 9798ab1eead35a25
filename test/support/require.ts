import type { TestContext } from "node:test";

// What `./slipway test` sets up and hands over in the environment. On CI a skip whose reason begins with "requires " fails.

function required(t: TestContext, what: string, variable: string, example: string): string | undefined {
  const value = process.env[variable];
  if (value) return value;
  t.skip(`requires ${what}: ./slipway test sets it up, or set ${variable}=${example}`);
  return undefined;
}

/**
 * The address of a PostgreSQL 15 or later as its superuser, without which the test is skipped: return at once when this is
 * undefined. Each test makes its own databases (`./postgres.ts`).
 */
export function requirePostgres(t: TestContext): string | undefined {
  return required(t, "PostgreSQL", "TEST_DATABASE_URL", "postgres://postgres:…@127.0.0.1:5432/postgres");
}

/** The address of a Redis, without which the test is skipped: return at once when this is undefined. Keys need a prefix of their own. */
export function requireRedis(t: TestContext): string | undefined {
  return required(t, "Redis", "TEST_REDIS_URL", "redis://127.0.0.1:6379");
}

/** The path of a Chromium, without which the test is skipped: return at once when this is undefined. */
export function requireChromium(t: TestContext): string | undefined {
  return required(t, "Chromium", "CHROMIUM_PATH", "/usr/bin/chromium");
}

/**
 * The address of a Docker engine that answers, as `DOCKER_HOST` takes it, without which the test is skipped: return at once
 * when this is undefined.
 */
export function requireDocker(t: TestContext): string | undefined {
  return required(t, "a Docker engine", "DOCKER_HOST", "unix:///var/run/docker.sock");
}
