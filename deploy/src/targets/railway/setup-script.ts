import { word } from "#render/shell.ts";
import { header } from "#render/yaml.ts";
import type { Spec } from "#spec/spec.ts";
import { LOGIN_PASSWORD, type Variables, variablesOf } from "./variables.ts";

/**
 * A script that makes the services, gives them their variables, asks for secrets that only a person knows, and makes the
 * server's login, by Railway's CLI (https://docs.railway.com/cli, 2026-11-21). It can be run again; secrets that are there stay.
 */
export function setupScript(spec: Spec): string {
  const environment = word(spec.environmentName ?? "production");
  const services = spec.services.map(
    (service, index) => [service.name, variablesOf(spec, service, index === 0)] as const,
  );
  return [
    "#!/usr/bin/env bash",
    header(spec, "railway").trimEnd(),
    "# Sets a Railway project up, once, and again when secrets or settings change. Needs the CLI (signed in by `railway login`), jq,",
    "# openssl and, for the database, psql.",
    "# References in ${{ }} are Railway's to fill in, none of this shell's.",
    "# shellcheck disable=SC2016",
    "set -euo pipefail",
    `railway link --project ${word(spec.environment.project ?? "")} --environment ${environment}`,
    HELPERS(environment),
    ...(spec.data.postgres ? ["made Postgres --database postgres"] : []),
    ...(spec.data.redis ? ["made Redis --database redis"] : []),
    ...services.map(([name]) => `made ${name} --service ${name}`),
    ...(spec.data.postgres ? ["", ...loginLines(spec.data.postgres.login)] : []),
    ...services.flatMap(([name, variables]) => ["", ...variableLines(name, variables)]),
    ...spec.services.flatMap(({ name, access }) =>
      access.kind === "public" ? ["", ...domainLines(name, access.hosts)] : [],
    ),
    "",
  ].join("\n");
}

const HELPERS = (environment: string): string => `
has() { railway variable list --environment ${environment} --service "$1" --json | jq --exit-status --arg name "$2" 'has($name)' > /dev/null; }
put() { railway variable set "$2" --stdin --skip-deploys --environment ${environment} --service "$1" > /dev/null; }
made() { railway status --json | jq --exit-status --arg name "$1" '[.. | objects | .name?] | index($name)' > /dev/null || railway add "\${@:2}"; }
ask() {
  local value=
  if has "$1" "$2"; then return; fi
  if [ -z "\${asked[$2]:-}" ]; then
    IFS= read -rsp "$2: " value
    echo >&2
    asked[$2]=$value
  fi
  printf '%s' "\${asked[$2]}" | put "$1" "$2"
}
declare -A asked=()
`;

/** The owner is Railway's; the server gets a login that owns nothing and passes no policy by. */
function loginLines(login: string): readonly string[] {
  return [
    `has Postgres ${LOGIN_PASSWORD} || openssl rand -hex 32 | tr -d '\\n' | put Postgres ${LOGIN_PASSWORD}`,
    "railway run --service Postgres -- bash -euc '",
    '  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname="$DATABASE_PUBLIC_URL" <<"SQL"',
    `\\getenv password ${LOGIN_PASSWORD}`,
    `select $$create role ${login} login nosuperuser nobypassrls noinherit$$`,
    `  where not exists (select from pg_roles where rolname = $$${login}$$) \\gexec`,
    `alter role ${login} password :'\\''password'\\'';`,
    "SQL",
    "'",
  ];
}

function variableLines(service: string, { settings, references, asked }: Variables): readonly string[] {
  return [
    ...[...settings, ...references].map(([name, value]) => `printf '%s' ${word(value)} | put ${service} ${name}`),
    ...asked.map((name) => `ask ${service} ${name}`),
  ];
}

/** Without hosts of one's own Railway gives one. */
function domainLines(service: string, hosts: readonly string[]): readonly string[] {
  const domains = hosts.length === 0 ? [""] : hosts.map((host) => `${host} `);
  return domains.map(
    (domain) =>
      `railway domain ${domain}--service ${service} || echo "See above: a domain that is there is no fault." >&2`,
  );
}
