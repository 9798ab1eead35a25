import { mebibytes, millicores, seconds } from "@slipway/contracts/spec/quantity.ts";
import { CONFIG_PATH, settingsOf } from "#render/settings.ts";
import type { Service, Spec } from "#spec/spec.ts";
import { BALANCER_PORT } from "./haproxy.ts";
import { literal } from "./literal.ts";
import { bounds, LOCKED_DOWN } from "./locked-down.ts";

type ComposeService = Readonly<Record<string, unknown>>;

/** The balancer, the migrations, and every service twice: as it runs, and as the next release beside it (profile `next`). */
export function services(spec: Spec): Readonly<Record<string, ComposeService>> {
  const own = spec.services.flatMap((service) => [
    [service.name, running(spec, service, literal(spec.images.app))] as const,
    [
      `${service.name}-next`,
      { ...running(spec, service, "${NEXT_IMAGE:-" + spec.images.app + "}"), profiles: ["next"] },
    ] as const,
  ]);
  return {
    haproxy: balancer(spec),
    ...(spec.data.postgres ? { migrate: migrate(spec, spec.data.postgres.login) } : {}),
    ...Object.fromEntries(own),
  };
}

/** The secrets of a service: its own, and the addresses of what runs beside it. */
export function secretsOf({ data }: Spec, service: Service): readonly string[] {
  const names = [...service.secrets, ...(data.postgres ? ["DATABASE_URL"] : []), ...(data.redis ? ["REDIS_URL"] : [])];
  return [...new Set(names)].sort();
}

function balancer({ images, environment, services: all }: Spec): ComposeService {
  return {
    image: images.haproxy ?? "docker.io/library/haproxy:3.2-bookworm",
    user: "99:99",
    ...LOCKED_DOWN,
    tmpfs: ["/tmp:mode=1777"],
    volumes: ["./haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro"],
    ports: [`${environment.publish}:${BALANCER_PORT}`],
    networks: ["front", "back"],
    ...bounds("1", "256m"),
    healthcheck: {
      test: ["CMD", "haproxy", "-c", "-q", "-f", "/usr/local/etc/haproxy/haproxy.cfg"],
      interval: "30s",
      timeout: "5s",
      retries: 3,
    },
    depends_on: Object.fromEntries(all.map(({ name }) => [name, { condition: "service_healthy" }])),
    restart: "unless-stopped",
  };
}

function fileReferences(names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, `file:/run/secrets/${name}`]));
}

function migrate(spec: Spec, role: string): ComposeService {
  const has = new Set(spec.secrets.map(({ variable }) => variable));
  const names = ["DATABASE_URL", ...(has.has("ENCRYPTION_KEY") ? ["ENCRYPTION_KEY"] : []), "MIGRATION_DATABASE_URL"];
  return {
    image: literal(spec.images.app),
    command: ["node", "server/src/main.ts", "migrate", "--grant-to", role],
    environment: { APP_ENV: spec.stage, ...fileReferences(names) },
    user: "1000:1000",
    ...LOCKED_DOWN,
    tmpfs: ["/tmp"],
    secrets: names,
    networks: ["back"],
    ...bounds("1", "256m"),
    depends_on: { login: { condition: "service_completed_successfully" } },
    restart: "no",
  };
}

function running(spec: Spec, service: Service, image: string): ComposeService {
  const secrets = secretsOf(spec, service);
  const settings = Object.entries(settingsOf(spec, service)).map(([name, value]) => [name, literal(value)] as const);
  const { path } = service.probes.readiness;
  const question = `require('node:http').get({ port: ${service.port}, path: '${path}', timeout: 2000 }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('timeout', () => process.exit(1)).on('error', () => process.exit(1))`;
  const { deploy } = bounds(String(millicores(service.cpu) / 1000), `${mebibytes(service.memory)}m`);
  return {
    image,
    environment: { ...Object.fromEntries(settings), ...fileReferences(secrets) },
    user: "1000:1000",
    ...LOCKED_DOWN,
    tmpfs: ["/tmp"],
    volumes: [`./config/slipway.yaml:${CONFIG_PATH}:ro`],
    secrets,
    networks: ["back", "out"],
    deploy: { ...(deploy as object), replicas: Math.max(1, service.scale.min) },
    healthcheck: {
      test: ["CMD", "node", "-e", literal(question)],
      interval: "5s",
      timeout: "3s",
      start_period: `${seconds(service.probes.startup.period) * service.probes.startup.failures}s`,
      retries: service.probes.readiness.failures,
    },
    depends_on: {
      ...(spec.data.postgres ? { migrate: { condition: "service_completed_successfully" } } : {}),
      ...(spec.data.redis ? { redis: { condition: "service_healthy" } } : {}),
    },
    stop_grace_period: `${seconds(service.drain) + 5}s`,
    restart: "unless-stopped",
  };
}
