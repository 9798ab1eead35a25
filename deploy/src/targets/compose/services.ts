import { hash } from "node:crypto";
import { SERVER_ENTRY } from "@slipway/contracts/server-command.ts";
import { mebibytes, millicores, seconds } from "@slipway/contracts/spec/quantity.ts";
import { CONFIG_PATH, migrationSettings, settingsOf } from "#render/settings.ts";
import type { Service, Spec } from "#spec/spec.ts";
import { BALANCER_PORT, haproxyConfig, HEALTH_PORT } from "./haproxy.ts";
import { literal } from "./literal.ts";
import { bounds, LOCKED_DOWN } from "./locked-down.ts";

type ComposeService = Readonly<Record<string, unknown>>;

/** What runs: the release of the file, or the next one beside it, whose image and name are said when it is started. */
interface Release {
  readonly suffix: "" | "-next";
  readonly image: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly profiles?: readonly string[];
}

/** The balancer, and the migrations and every service twice: as they run, and as the next release beside them (profile `next`). */
export function services(spec: Spec): Readonly<Record<string, ComposeService>> {
  const releases: readonly Release[] = [
    { suffix: "", image: literal(spec.images.app), settings: {} },
    {
      suffix: "-next",
      image: "${NEXT_IMAGE:-" + spec.images.app + "}",
      settings: { SLIPWAY_RELEASE: "${NEXT_RELEASE:-next}" },
      profiles: ["next"],
    },
  ];
  const own = releases.flatMap((release) => [
    ...(spec.data.postgres
      ? [[`migrate${release.suffix}`, migrate(spec, spec.data.postgres.login, release)] as const]
      : []),
    ...spec.services.map((service) => [service.name + release.suffix, running(spec, service, release)] as const),
  ]);
  return { haproxy: balancer(spec), ...Object.fromEntries(own) };
}

/** The secrets of a service: its own, and the addresses of what runs beside it. */
export function secretsOf({ data }: Spec, service: Service): readonly string[] {
  const names = [...service.secrets, ...(data.postgres ? ["DATABASE_URL"] : []), ...(data.redis ? ["REDIS_URL"] : [])];
  return [...new Set(names)].sort();
}

// The official image has neither curl nor wget.
const ASK_BALANCER = `exec 3<>/dev/tcp/127.0.0.1/${HEALTH_PORT} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ "$status" = 200 ]`;

function balancer(spec: Spec): ComposeService {
  const { images, environment, services: all } = spec;
  return {
    // Tags that name a Debian release stand still when the image moves on to the next. socat, which moves weights, is in it since 3.2.8.
    image: images.haproxy ?? "docker.io/library/haproxy:3.2",
    user: "99:99",
    ...LOCKED_DOWN,
    tmpfs: ["/tmp:mode=1777"],
    volumes: ["./haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro"],
    // Compose looks at what it is told and not into files: without this it would go on with the configuration that it began with.
    labels: { "slipway.config": hash("sha256", haproxyConfig(spec)).slice(0, 12) },
    ports: [`${environment.publish}:${BALANCER_PORT}`],
    networks: ["front", "back"],
    ...bounds(1, "256m"),
    healthcheck: {
      test: ["CMD", "bash", "-c", literal(ASK_BALANCER)],
      interval: "5s",
      timeout: "3s",
      start_period: "20s",
      retries: 3,
    },
    depends_on: Object.fromEntries(all.map(({ name }) => [name, { condition: "service_healthy" }])),
    // Longer than `hard-stop-after` of its configuration.
    stop_grace_period: "65s",
    restart: "unless-stopped",
  };
}

function literals(settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, literal(value)]));
}

function fileReferences(names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, `file:/run/secrets/${name}`]));
}

function migrate(spec: Spec, role: string, { image, settings, profiles }: Release): ComposeService {
  const has = new Set(spec.secrets.map(({ variable }) => variable));
  const names = ["DATABASE_URL", ...(has.has("ENCRYPTION_KEY") ? ["ENCRYPTION_KEY"] : []), "MIGRATION_DATABASE_URL"];
  return {
    image,
    command: ["node", SERVER_ENTRY, "migrate", "--grant-to", role],
    environment: { ...literals(migrationSettings(spec)), ...settings, ...fileReferences(names) },
    user: "1000:1000",
    ...LOCKED_DOWN,
    tmpfs: ["/tmp"],
    secrets: names,
    networks: ["back"],
    ...bounds(1, "256m"),
    // The image's asks the server, which does not run here.
    healthcheck: { disable: true },
    depends_on: { login: { condition: "service_completed_successfully" } },
    restart: "no",
    ...(profiles === undefined ? {} : { profiles }),
  };
}

function running(spec: Spec, service: Service, { suffix, image, settings, profiles }: Release): ComposeService {
  const secrets = secretsOf(spec, service);
  const { path } = service.probes.readiness;
  const question = `require('node:http').get({ port: ${service.port}, path: '${path}', timeout: 2000 }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('timeout', () => process.exit(1)).on('error', () => process.exit(1))`;
  return {
    image,
    environment: { ...literals(settingsOf(spec, service)), ...settings, ...fileReferences(secrets) },
    user: "1000:1000",
    ...LOCKED_DOWN,
    tmpfs: ["/tmp"],
    volumes: [`./config/slipway.yaml:${CONFIG_PATH}:ro`],
    secrets,
    networks: ["back", "out"],
    ...bounds(millicores(service.cpu) / 1000, `${mebibytes(service.memory)}m`),
    scale: Math.max(1, service.scale.min),
    healthcheck: {
      test: ["CMD", "node", "-e", literal(question)],
      interval: "5s",
      timeout: "3s",
      start_period: `${seconds(service.probes.startup.period) * service.probes.startup.failures}s`,
      retries: service.probes.readiness.failures,
    },
    depends_on: {
      ...(spec.data.postgres ? { [`migrate${suffix}`]: { condition: "service_completed_successfully" } } : {}),
      ...(spec.data.redis ? { redis: { condition: "service_healthy" } } : {}),
    },
    stop_grace_period: `${seconds(service.drain) + 5}s`,
    restart: "unless-stopped",
    ...(profiles === undefined ? {} : { profiles }),
  };
}
