import { header } from "#render/yaml.ts";
import type { Spec } from "#spec/spec.ts";
import { secretsOf } from "./services.ts";
import { OWNER } from "./stores.ts";

/** Secrets that can be made on the spot. */
const RANDOM = new Set([
  "API_KEY",
  "ENCRYPTION_KEY",
  "JWT_SECRET_KEY",
  "SECRET_KEY",
  "POSTGRES_PASSWORD",
  "DATABASE_PASSWORD",
  "REDIS_PASSWORD",
]);

/** Every file that a container reads a secret from, sorted. */
export function secretFiles(spec: Spec): readonly string[] {
  const names = [
    ...spec.services.flatMap((service) => secretsOf(spec, service)),
    ...(spec.data.postgres ? ["POSTGRES_PASSWORD", "DATABASE_PASSWORD", "DATABASE_URL", "MIGRATION_DATABASE_URL"] : []),
    ...(spec.data.postgres && spec.secrets.some(({ variable }) => variable === "ENCRYPTION_KEY")
      ? ["ENCRYPTION_KEY"]
      : []),
    ...(spec.data.redis ? ["REDIS_PASSWORD", "REDIS_URL"] : []),
  ];
  return [...new Set(names)].sort();
}

/** A script that makes what can be made of them, leaves those that are there, and says which a person must bring. */
export function secretScript(spec: Spec): string {
  const names = secretFiles(spec);
  const addresses: Readonly<Record<string, string>> = {
    DATABASE_URL: `postgresql://${spec.data.postgres?.login ?? ""}:$(cat DATABASE_PASSWORD)@postgres:5432/slipway`,
    MIGRATION_DATABASE_URL: `postgresql://${OWNER}:$(cat POSTGRES_PASSWORD)@postgres:5432/slipway`,
    REDIS_URL: "redis://:$(cat REDIS_PASSWORD)@redis:6379",
  };
  const random = names.filter((name) => RANDOM.has(name));
  const built = names.filter((name) => Object.hasOwn(addresses, name));
  const brought = names.filter((name) => !random.includes(name) && !built.includes(name));
  return [
    "#!/bin/sh",
    header(spec, "compose").trimEnd(),
    "# Makes the secrets that can be made, once, and says which ones are missing.",
    "set -eu",
    "umask 077",
    'mkdir -p "$(dirname "$0")/secrets"',
    'cd "$(dirname "$0")/secrets"',
    "# Before a file is written: what fails leaves none, and nothing is made of an empty one.",
    ...random.map((name) => `[ -s ${name} ] || { value=$(openssl rand -hex 32); printf '%s' "$value" > ${name}; }`),
    ...built.map((name) => `[ -s ${name} ] || printf '%s' "${addresses[name] ?? ""}" > ${name}`),
    "missing=0",
    ...brought.map((name) => `[ -s ${name} ] || { echo "Write the secret into $PWD/${name}" >&2; missing=1; }`),
    "# The folder is closed to others; the containers' users read the files.",
    "chmod 0444 -- * 2>/dev/null || true",
    "exit $missing",
    "",
  ].join("\n");
}
