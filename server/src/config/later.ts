import type { EnvironmentReader } from "./reader.ts";

/** Names that deployments of the five systems set, whose effect this version does not have yet. Their values are checked all the same. */
const NAMES = ["STORAGE_BUCKET", "SENTRY_DSN", "PII_DETECTION_ENABLED", "STORAGE_PROVIDER"] as const;

/** Checks the values and answers which of the names are set to something that asks for an effect. */
export function acceptedWithoutEffect(env: EnvironmentReader): readonly string[] {
  env.url("SENTRY_DSN", ["http:", "https:"]);
  env.choice(["STORAGE_PROVIDER"], ["local", "s3", "gcs", "azure"], "local");
  const off = new Set(["PII_DETECTION_ENABLED"].filter((name) => env.flag(name) === false));
  // Who signs in where is not known without the issuer.
  const oidc = env.text("OIDC_ISSUER") === undefined ? (["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"] as const) : [];
  return env.present([...oidc, ...NAMES]).filter((name) => !off.has(name));
}
