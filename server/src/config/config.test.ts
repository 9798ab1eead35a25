import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./config.ts";
import { SettingsError } from "./reader.ts";

const load = (environment: Record<string, string>) => loadConfig(environment, "/srv/slipway");

function problems(environment: Record<string, string>): readonly string[] {
  try {
    load(environment);
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.problems;
  }
  return [];
}

test("with nothing set a laptop gets the embedded database, the mock, every role and port 8080", () => {
  const config = load({});
  assert.equal(config.environment, "development");
  assert.equal(config.database.url, undefined);
  assert.equal(config.database.migrateAtStart, true);
  assert.equal(config.http.port, 8080);
  assert.equal(config.http.host, "127.0.0.1");
  assert.equal(config.mockByDefault, true);
  assert.deepEqual(Object.keys(config.providers), ["mock"]);
  assert.equal(config.defaultModel, "mock-1");
  assert.equal(config.home, "/srv/slipway/.slipway");
  assert.deepEqual(config.withoutEffect, []);
});

test("agents or memory alone listen on 8000, with the router on 8080, and PORT wins", () => {
  assert.equal(load({ SLIPWAY_ROLES: "memory" }).http.port, 8000);
  assert.equal(load({ SLIPWAY_ROLES: "agents,worker" }).http.port, 8000);
  assert.equal(load({ SLIPWAY_ROLES: "router" }).http.port, 8080);
  assert.equal(load({ SLIPWAY_ROLES: "memory", PORT: "9000" }).http.port, 9000);
});

test("everything that is wrong is told at once, by name and never by value", () => {
  const found = problems({
    PORT: "eighty",
    DATABASE_URL: "mysql://u:hunter2@db/x",
    TEST_MODE: "perhaps",
    LOG_LEVEL: "loud",
    SLIPWAY_ROLES: "router,chef",
    API_KEY: "short",
    REDIS_URL: "http://redis",
    AUDIT_SINKS: "file,fax",
    STORAGE_PROVIDER: "tape",
    ENFORCE_HTTPS: "sometimes",
  });
  for (const name of [
    "PORT",
    "DATABASE_URL",
    "TEST_MODE",
    "LOG_LEVEL",
    "SLIPWAY_ROLES",
    "API_KEY",
    "REDIS_URL",
    "AUDIT_SINKS",
    "STORAGE_PROVIDER",
    "ENFORCE_HTTPS",
  ]) {
    assert.equal(found.filter((line) => line.startsWith(name)).length, 1, `${name} in ${found.join("; ")}`);
  }
  assert.ok(!found.join("\n").includes("hunter2"));
});

test("production without a database or an encryption key does not start", () => {
  assert.match(problems({ APP_ENV: "production" }).join(), /DATABASE_URL is missing/);
  assert.match(
    problems({ APP_ENV: "production", DATABASE_URL: "postgres://u@h/d" }).join(),
    /ENCRYPTION_KEY is missing/,
  );
  assert.deepEqual(
    problems({ APP_ENV: "production", DATABASE_URL: "postgres://u@h/d", ENCRYPTION_KEY: "k".repeat(32) }),
    [],
  );
});

test("production never migrates at start unless it is told to", () => {
  const base = { APP_ENV: "production", DATABASE_URL: "postgres://u@h/d", ENCRYPTION_KEY: "k".repeat(32) };
  assert.equal(load(base).database.migrateAtStart, false);
  assert.equal(load({ ...base, MIGRATE_AT_START: "true" }).database.migrateAtStart, true);
});

test("every name that the five systems set is accepted, and those without effect are told", () => {
  const config = load({
    PORT: "8000",
    GEMINI_API_KEY: "g",
    GOOGLE_AI_API_KEY: "g2",
    OPENAI_API_KEY: "o",
    ANTHROPIC_API_KEY: "a",
    TEST_MODE: "false",
    JWT_SECRET_KEY: "j".repeat(32),
    SECRET_KEY: "s".repeat(32),
    REDIS_URL: "redis://h:6379",
    ENFORCE_HTTPS: "true",
    AUDIT_SINKS: "file,stdout,webhook,splunk",
    AUDIT_LOG_TO_FILE: "true",
    AUDIT_LOG_STDOUT: "true",
    AUDIT_WEBHOOK_URL: "https://h/x",
    SPLUNK_HEC_URL: "https://h:8088",
    SPLUNK_HEC_TOKEN: "t",
    DATABASE_URL: "postgresql://u:p@h/d",
    LOGGING_LEVEL: "WARNING",
    FIREBASE_PROJECT_ID: "my-project",
    ENCRYPTION_KEY: "e".repeat(32),
    PII_DETECTION_ENABLED: "true",
    AUDIT_LOG_ENABLED: "true",
    OIDC_CLIENT_ID: "c",
    OIDC_CLIENT_SECRET: "cs",
    APP_ENV: "staging",
    API_KEY: "a-key-of-the-caller",
    STORAGE_PROVIDER: "s3",
    STORAGE_BUCKET: "b",
    SENTRY_DSN: "https://k@sentry.example/1",
  });
  assert.equal(config.log.level, "warn");
  assert.deepEqual(config.redis, { url: "redis://h:6379", deadlineMs: 50 });
  assert.deepEqual(Object.keys(config.providers).sort(), ["anthropic", "google", "openai"]);
  assert.equal(config.providers.google?.apiKey, "g");
  assert.ok(config.withoutEffect.includes("PII_DETECTION_ENABLED"));
  assert.ok(!config.withoutEffect.includes("ENFORCE_HTTPS") && !config.withoutEffect.includes("JWT_SECRET_KEY"));
  assert.ok(!config.withoutEffect.includes("AUDIT_LOG_ENABLED"), "the audit log is always on");
});

test("TEST_MODE=true is the mock even beside keys; TEST_MODE=false never is", () => {
  assert.deepEqual(Object.keys(load({ TEST_MODE: "true", OPENAI_API_KEY: "o" }).providers), ["mock"]);
  assert.equal(load({ TEST_MODE: "true" }).mockByDefault, false);
  assert.deepEqual(Object.keys(load({ TEST_MODE: "false" }).providers), []);
});

test("prices are JSON by provider and model; what is wrong with them is told by its place", () => {
  const prices = {
    "openai-compatible": { "llama-*": { input: 0.2, output: 0.6, tiers: [{ above: 1000, input: 1, output: 2 }] } },
  };
  assert.deepEqual(load({ PRICE_OVERRIDES: JSON.stringify(prices) }).prices, prices);
  assert.deepEqual(load({}).prices, {});
  assert.match(problems({ PRICE_OVERRIDES: "cheap" })[0] ?? "", /^PRICE_OVERRIDES must be JSON/);
  const wrong = { openai: { "gpt-5": { input: -1, output: 2, ouput: 3 } } };
  assert.deepEqual(
    problems({ PRICE_OVERRIDES: JSON.stringify(wrong) }).map((problem) => problem.split(": ").slice(0, 2).join(": ")),
    ["PRICE_OVERRIDES: at openai → gpt-5 → input", "PRICE_OVERRIDES: at openai → gpt-5"],
  );
});

test("how long and how many answers are read on after their clients have left", () => {
  assert.deepEqual(load({}).disconnects, { timeMs: 60_000, atOnce: 256 });
  assert.deepEqual(load({ DISCONNECT_READ_SECONDS: "0", DISCONNECT_READS: "3" }).disconnects, { timeMs: 0, atOnce: 3 });
});

test("meanings are compared where a model is set for it, and only within what makes sense", () => {
  assert.equal(load({}).semanticCache, undefined);
  assert.deepEqual(load({ SEMANTIC_CACHE_MODEL: "openai/e" }).semanticCache, {
    model: "openai/e",
    threshold: 0.95,
    timeoutMs: 1_000,
    maxBytes: 64 * 1024 * 1024,
  });
  for (const SEMANTIC_CACHE_THRESHOLD of ["0", "1.01", "near"])
    assert.throws(() => load({ SEMANTIC_CACHE_THRESHOLD }), /SEMANTIC_CACHE_THRESHOLD/);
});

test("the cache has a bound, 0 switches it off, and without REDIS_URL there is no Redis", () => {
  assert.deepEqual(load({}).answerCache, { maxBytes: 64 * 1024 * 1024 });
  assert.equal(load({ ANSWER_CACHE_BYTES: "0" }).answerCache.maxBytes, 0);
  assert.equal(load({}).redis, undefined);
  assert.equal(load({ REDIS_URL: "rediss://h:6379", REDIS_TIMEOUT_MS: "20" }).redis?.deadlineMs, 20);
  assert.throws(
    () => load({ REDIS_TIMEOUT_MS: "0", ANSWER_CACHE_BYTES: "64MB" }),
    /REDIS_TIMEOUT_MS[^]*ANSWER_CACHE_BYTES|ANSWER_CACHE_BYTES[^]*REDIS_TIMEOUT_MS/,
  );
});

test("one process serves unless WORKERS says otherwise; auto is one for each core; several need a database of their own", () => {
  const url = { DATABASE_URL: "postgresql://u@h/db" };
  assert.equal(load({}).workers, 1);
  assert.equal(load({ ...url, WORKERS: "4" }).workers, 4);
  assert.equal(loadConfig({ ...url, WORKERS: "auto" }, "/", { cores: 7 }).workers, 7);
  assert.equal(loadConfig({ WORKERS: "auto" }, "/", { cores: 1 }).workers, 1);
  assert.throws(() => load({ WORKERS: "2" }), /DATABASE_URL is missing/);
});
