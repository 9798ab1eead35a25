import { mebibytes } from "@slipway/contracts/spec/quantity.ts";
import type { Spec } from "#spec/spec.ts";
import { literal } from "./literal.ts";
import { bounds, LOCKED_DOWN } from "./locked-down.ts";

type ComposeService = Readonly<Record<string, unknown>>;

/** The user that owns the tables. The server has a login of its own, which owns nothing. */
export const OWNER = "slipway_owner";

const HEALTH = { interval: "2s", timeout: "3s", retries: 30 };

/** The database, the step that makes the server's login, and Redis, as far as the system has them. */
export function stores(spec: Spec): Readonly<Record<string, ComposeService>> {
  const { postgres, redis } = spec.data;
  return {
    ...(postgres === undefined ? {} : { login: login(spec, postgres.login), postgres: database(spec) }),
    ...(redis === undefined ? {} : { redis: redisService(spec, redis.memory) }),
  };
}

function postgresImage({ images, data }: Spec): string {
  return images.postgres ?? `docker.io/library/postgres:${data.postgres?.version ?? "17"}-bookworm`;
}

/** Since 18 the official image keeps each version in a folder of its own, and refuses to start with the older place (docker-library/postgres#1259). */
function dataFolder({ data }: Spec): string {
  return Number(data.postgres?.version ?? "17") >= 18 ? "/var/lib/postgresql" : "/var/lib/postgresql/data";
}

function database(spec: Spec): ComposeService {
  return {
    image: postgresImage(spec),
    environment: {
      POSTGRES_DB: "slipway",
      POSTGRES_INITDB_ARGS: "--auth-host=scram-sha-256",
      POSTGRES_PASSWORD_FILE: "/run/secrets/POSTGRES_PASSWORD",
      POSTGRES_USER: OWNER,
    },
    command: ["postgres", "-c", `max_connections=${spec.data.postgres?.maxConnections ?? 200}`],
    ...LOCKED_DOWN,
    // What its entry script needs to hand its folder to the user postgres and to become it.
    cap_add: ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"],
    tmpfs: ["/tmp", "/var/run/postgresql"],
    volumes: [`postgres:${dataFolder(spec)}`],
    secrets: ["POSTGRES_PASSWORD"],
    networks: ["back"],
    ...bounds(2, "1024m"),
    // By address: during its first start the server listens on its socket only, and is not ready yet.
    healthcheck: {
      test: ["CMD", "pg_isready", "--host=127.0.0.1", `--username=${OWNER}`, "--dbname=slipway"],
      ...HEALTH,
    },
    restart: "unless-stopped",
  };
}

/** Runs at every start, so that a new password takes effect. */
function login(spec: Spec, role: string): ComposeService {
  const script = [
    'export PGPASSWORD="$(cat /run/secrets/POSTGRES_PASSWORD)"',
    "psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 <<'SQL'",
    "\\set password `cat /run/secrets/DATABASE_PASSWORD`",
    `select 'create role ${role} login nosuperuser nobypassrls noinherit'`,
    `  where not exists (select from pg_roles where rolname = '${role}') \\gexec`,
    `alter role ${role} password :'password';`,
    "SQL",
    "",
  ].join("\n");
  return {
    image: postgresImage(spec),
    environment: { PGDATABASE: "slipway", PGHOST: "postgres", PGUSER: OWNER },
    entrypoint: ["sh", "-euc", literal(script)],
    user: "999:999",
    ...LOCKED_DOWN,
    tmpfs: ["/tmp"],
    secrets: ["DATABASE_PASSWORD", "POSTGRES_PASSWORD"],
    networks: ["back"],
    ...bounds(0.5, "128m"),
    depends_on: { postgres: { condition: "service_healthy" } },
    restart: "no",
  };
}

function redisService({ images }: Spec, memory: string): ComposeService {
  // The password goes in by standard input: as an argument it would stand in the process list.
  const settings = `requirepass %s\\nappendonly yes\\ndir /data\\nmaxmemory ${mebibytes(memory)}mb\\nmaxmemory-policy noeviction\\n`;
  const start = `printf '${settings}' "$(cat /run/secrets/REDIS_PASSWORD)" | exec redis-server -`;
  const ping = 'REDISCLI_AUTH="$(cat /run/secrets/REDIS_PASSWORD)" redis-cli ping | grep -q PONG';
  return {
    image: images.redis ?? "docker.io/library/redis:8",
    command: ["sh", "-c", literal(start)],
    user: "999:999",
    ...LOCKED_DOWN,
    volumes: ["redis:/data"],
    secrets: ["REDIS_PASSWORD"],
    networks: ["back"],
    // What it keeps, and as much again for a while when it writes its file.
    ...bounds(1, `${2 * mebibytes(memory)}m`),
    healthcheck: { test: ["CMD-SHELL", literal(ping)], ...HEALTH },
    restart: "unless-stopped",
  };
}
