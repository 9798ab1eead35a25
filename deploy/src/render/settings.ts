import { seconds } from "@slipway/contracts/spec/quantity.ts";
import type { Service, Spec } from "#spec/spec.ts";

/** The first characters of an image's digest, or its tag: the release that answers name. */
export function releaseOf({ images }: Spec): string {
  const digest = /@sha256:([0-9a-f]{12})/.exec(images.app)?.[1];
  return digest ?? /:([\w.-]+)$/.exec(images.app)?.[1] ?? "unknown";
}

/** The environment of a service on any platform, secrets aside, sorted by name. What the file says itself wins. */
export function settingsOf(spec: Spec, service: Service): Readonly<Record<string, string>> {
  const own: Record<string, string> = {
    APP_ENV: spec.stage,
    DRAIN_TIMEOUT_SECONDS: String(seconds(service.drain)),
    HOST: "0.0.0.0",
    MAX_CONCURRENCY: String(service.concurrency),
    MIGRATE_AT_START: "false",
    PORT: String(service.port),
    REPLICAS: String(service.scale.max),
    REQUEST_TIMEOUT_SECONDS: String(seconds(service.timeout)),
    SLIPWAY_CONFIG: CONFIG_PATH,
    SLIPWAY_RELEASE: releaseOf(spec),
    SLIPWAY_ROLES: [...service.roles].sort().join(","),
    ...(spec.data.postgres ? { DATABASE_POOL_SIZE: String(spec.data.postgres.poolSize) } : {}),
    ...(spec.data.objects ? { STORAGE_BUCKET: spec.data.objects.bucket } : {}),
    ...spec.env,
    ...service.env,
  };
  return Object.fromEntries(Object.entries(own).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const LOG_SETTINGS = ["LOGGING_LEVEL", "LOG_LEVEL"];

/**
 * The environment of the step that migrates. It serves nothing: settings of what serves would want secrets that it does not get
 * (`AUDIT_SINKS: splunk` its token, `REPLICAS` Redis), and it would refuse to start.
 */
export function migrationSettings(spec: Spec): Readonly<Record<string, string>> {
  const logs = LOG_SETTINGS.flatMap((name) => (spec.env[name] === undefined ? [] : [[name, spec.env[name]] as const]));
  return { APP_ENV: spec.stage, ...Object.fromEntries(logs), SLIPWAY_RELEASE: releaseOf(spec) };
}

/** Where the server finds its own sections of the file. */
export const CONFIG_PATH = "/etc/slipway/slipway.yaml";
