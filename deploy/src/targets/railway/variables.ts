import { settingsOf } from "#render/settings.ts";
import type { Service, Spec } from "#spec/spec.ts";

/** What a service gets: settings as they are, references that Railway fills in, and names that a person must give a value. */
export interface Variables {
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly references: readonly (readonly [name: string, value: string])[];
  readonly asked: readonly string[];
}

/** The password of the server's own login: made once by the script, kept by the database's service, read by reference. */
export const LOGIN_PASSWORD = "SLIPWAY_LOGIN_PASSWORD";

/**
 * The variables of a service. The database and Redis are Railway's own, called Postgres and Redis, so their addresses are
 * references over the private network (https://docs.railway.com/variables#reference-variables). `PORT` is set, so that services find
 * each other at it.
 */
export function variablesOf(spec: Spec, service: Service, migrates: boolean): Variables {
  const { postgres, redis } = spec.data;
  // The release is the image's, and comes with it.
  const { HOST: _host, SLIPWAY_RELEASE: _release, ...settings } = settingsOf(spec, service);
  const regions = Math.max(1, spec.environment.regions.length);
  const address = (login: string, password: string): string =>
    `postgresql://${login}:${password}@\${{Postgres.RAILWAY_PRIVATE_DOMAIN}}:5432/\${{Postgres.PGDATABASE}}`;
  const references: (readonly [string, string])[] = [
    ...(postgres === undefined
      ? []
      : [["DATABASE_URL", address(postgres.login, `\${{Postgres.${LOGIN_PASSWORD}}}`)] as const]),
    ...(postgres !== undefined && migrates ? [["MIGRATION_DATABASE_URL", "${{Postgres.DATABASE_URL}}"] as const] : []),
    ...(redis === undefined ? [] : [["REDIS_URL", "${{Redis.REDIS_URL}}"] as const]),
  ];
  const referred = new Set(references.map(([name]) => name));
  return {
    settings: [
      // The private network is IPv6 for older environments: the unspecified address of IPv6 takes both.
      ["HOST", "::"],
      ...Object.entries({ ...settings, REPLICAS: String(Math.max(1, service.scale.min) * regions) }),
    ],
    references,
    asked: service.secrets.filter((name) => !referred.has(name)),
  };
}
