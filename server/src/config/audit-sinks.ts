import { join, resolve } from "node:path";
import type { SpoolSettings } from "#audit/delivery/spool.ts";
import type { FileSettings } from "#audit/sinks/file.ts";
import { webhookKey } from "#audit/sinks/sign-webhook.ts";
import { type SinkName, SINKS } from "#audit/sinks/sink.ts";
import type { SplunkSettings } from "#audit/sinks/splunk.ts";
import type { WebhookSettings } from "#audit/sinks/webhook.ts";
import type { EnvironmentReader } from "./reader.ts";

/** Whom a sink trusts. */
interface Trust {
  /** A file of certificates in PEM, beside the system's. */
  readonly caFile: string | undefined;
}

/** Where audit records are sent besides the database. A sink that is not set is undefined. */
export interface AuditSinkSettings {
  readonly file: FileSettings | undefined;
  readonly stdout: boolean;
  readonly webhook: (WebhookSettings & Trust) | undefined;
  readonly splunk: (SplunkSettings & Trust) | undefined;
  readonly spool: SpoolSettings;
  /** Variables of sinks that `AUDIT_SINKS` leaves out. */
  readonly unused: readonly string[];
}

const MB = 1024 * 1024;
const DAY_MS = 86_400_000;

/** The variable that switches a sink on where `AUDIT_SINKS` does not say which are. */
const SWITCHES: Readonly<Record<SinkName, string>> = {
  file: "AUDIT_LOG_TO_FILE",
  stdout: "AUDIT_LOG_STDOUT",
  webhook: "AUDIT_WEBHOOK_URL",
  splunk: "SPLUNK_HEC_URL",
};

function isNo(env: EnvironmentReader, name: string): boolean {
  return ["false", "0", "no", "off"].includes(env.text(name)?.toLowerCase() ?? "");
}

/** `AUDIT_LOG_TO_FILE` is a path, or true for the usual one below the server's home. */
function readFile(env: EnvironmentReader, home: string, cwd: string): FileSettings {
  const text = env.text("AUDIT_LOG_TO_FILE");
  const usual =
    text === undefined || ["true", "1", "yes", "on"].includes(text.toLowerCase()) || isNo(env, "AUDIT_LOG_TO_FILE");
  return {
    path: usual ? join(home, "audit", "audit.jsonl") : resolve(cwd, text),
    maxBytes: env.integer("AUDIT_FILE_MAX_BYTES", 100 * MB, MB, 1024 * 1024 * MB),
    keep: env.integer("AUDIT_FILE_KEEP", 10, 0, 1000),
    fsync: env.choice(["AUDIT_FILE_FSYNC"], ["batch", "none"], "batch"),
  };
}

function readUrl(env: EnvironmentReader, name: string): string | undefined {
  const url = env.url(name, ["http:", "https:"]);
  if (url === undefined) return undefined;
  const { username, password } = new URL(url);
  if (username === "" && password === "") return url;
  env.problems.push(`${name} must not hold a user or a password`);
  return undefined;
}

/** A file of certificates in PEM to trust beside the system's. */
function readCaFile(env: EnvironmentReader, name: string, cwd: string): string | undefined {
  const path = env.text(name);
  return path === undefined ? undefined : resolve(cwd, path);
}

/** Secrets as a list, the newest first: all of them sign, so that receivers can change over one after the other. */
function readSecrets(env: EnvironmentReader): readonly Uint8Array[] {
  const secrets = env.text("AUDIT_WEBHOOK_SECRET")?.split(/[\s,]+/) ?? [];
  const keys = secrets.filter(Boolean).map(webhookKey);
  if (keys.includes(undefined) || keys.length > 5) {
    env.problems.push(
      'AUDIT_WEBHOOK_SECRET must be one to five secrets, each "whsec_" and 24 to 64 bytes in base64 (try: echo whsec_$(openssl rand -base64 32))',
    );
  }
  return keys.filter((key) => key !== undefined);
}

function readWebhook(env: EnvironmentReader, cwd: string): AuditSinkSettings["webhook"] {
  const url = readUrl(env, "AUDIT_WEBHOOK_URL");
  const keys = readSecrets(env);
  const caFile = readCaFile(env, "AUDIT_WEBHOOK_CA_FILE", cwd);
  return url === undefined ? undefined : { url, keys, caFile };
}

function readSplunk(env: EnvironmentReader, cwd: string): AuditSinkSettings["splunk"] {
  const url = readUrl(env, "SPLUNK_HEC_URL");
  const token = env.text("SPLUNK_HEC_TOKEN");
  const caFile = readCaFile(env, "SPLUNK_HEC_CA_FILE", cwd);
  if (token !== undefined && !/^[\x21-\x7e]{1,200}$/.test(token)) {
    env.problems.push("SPLUNK_HEC_TOKEN must be a token without spaces");
  }
  if (url === undefined || token === undefined) return undefined;
  return {
    url,
    token,
    caFile,
    index: env.text("SPLUNK_HEC_INDEX"),
    source: env.text("SPLUNK_HEC_SOURCE") ?? "slipway",
    sourcetype: env.text("SPLUNK_HEC_SOURCETYPE") ?? "slipway:audit",
    host: env.text("SPLUNK_HEC_HOST"),
  };
}

/** The sinks that are on: those of `AUDIT_SINKS`, else each whose variables ask for it. */
function chosen(env: EnvironmentReader): ReadonlySet<SinkName> {
  const named = env.list("AUDIT_SINKS", SINKS);
  const stdout = env.flag("AUDIT_LOG_STDOUT");
  const switched = {
    file: env.text("AUDIT_LOG_TO_FILE") !== undefined && !isNo(env, "AUDIT_LOG_TO_FILE"),
    stdout: stdout === true,
    webhook: env.text("AUDIT_WEBHOOK_URL") !== undefined,
    splunk: env.text("SPLUNK_HEC_URL") !== undefined,
  };
  if (named === undefined) return new Set(SINKS.filter((sink) => switched[sink]));
  for (const [sink, off] of [
    ["file", isNo(env, "AUDIT_LOG_TO_FILE")] as const,
    ["stdout", stdout === false] as const,
  ]) {
    if (off && named.includes(sink)) env.problems.push(`${SWITCHES[sink]} is false, and AUDIT_SINKS names ${sink}`);
  }
  return new Set(named);
}

/** Reads the settings of audit sinks; what is wrong is added to the reader's problems. */
export function readAuditSinks(env: EnvironmentReader, home: string, cwd: string): AuditSinkSettings {
  const sinks = chosen(env);
  const file = readFile(env, home, cwd);
  const webhook = readWebhook(env, cwd);
  const splunk = readSplunk(env, cwd);
  if (sinks.has("webhook") && env.text("AUDIT_WEBHOOK_URL") === undefined) {
    env.problems.push("AUDIT_WEBHOOK_URL is missing: AUDIT_SINKS names webhook");
  }
  for (const name of ["SPLUNK_HEC_URL", "SPLUNK_HEC_TOKEN"]) {
    if (sinks.has("splunk") && env.text(name) === undefined) {
      env.problems.push(`${name} is missing: records are to be sent to splunk`);
    }
  }
  return {
    file: sinks.has("file") ? file : undefined,
    stdout: sinks.has("stdout"),
    webhook: sinks.has("webhook") ? webhook : undefined,
    splunk: sinks.has("splunk") ? splunk : undefined,
    spool: {
      maxRecords: env.integer("AUDIT_SPOOL_MAX_RECORDS", 1_000_000, 1, 1_000_000_000),
      maxAgeMs: DAY_MS * env.integer("AUDIT_SPOOL_MAX_DAYS", 7, 1, 3650),
      policy: env.choice(["AUDIT_SPOOL_POLICY"], ["keep", "shed"], "keep"),
    },
    unused: SINKS.filter((sink) => !sinks.has(sink) && !isNo(env, SWITCHES[sink])).flatMap((sink) =>
      env.present([SWITCHES[sink]]),
    ),
  };
}
