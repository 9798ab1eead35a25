import { isMounted, type SecretPlace } from "@slipway/contracts/spec/secret.ts";
import { seconds } from "@slipway/contracts/spec/quantity.ts";
import { CONFIG_PATH, settingsOf } from "#render/settings.ts";
import type { Secret, Service } from "#spec/spec.ts";
import { type Context, nameOf, sum, usesNetwork } from "./context.ts";

type Values = Readonly<Record<string, unknown>>;

/** Cloud Run gives ten seconds from SIGTERM to SIGKILL (https://cloud.google.com/run/docs/container-contract#instance-shutdown). */
const SHUTDOWN_SECONDS = 9;

/** Connections come from Cloud Run's own proxy beside the container. */
const PROXIES = "169.254.0.0/16";

/** The environment of a service's container, secrets aside. */
export function serviceSettings(context: Context, service: Service): Readonly<Record<string, string>> {
  const { spec, project, regions } = context;
  const own = {
    DRAIN_TIMEOUT_SECONDS: String(Math.min(seconds(service.drain), SHUTDOWN_SECONDS - 1)),
    GOOGLE_CLOUD_PROJECT: project,
    LOG_FORMAT: "google",
    REPLICAS: String(service.scale.max * regions.length),
    TRUSTED_PROXIES: PROXIES,
  };
  const all: Readonly<Record<string, string>> = { ...settingsOf(spec, service), ...own, ...spec.env, ...service.env };
  // Cloud Run says the port itself and refuses a file that does.
  const { PORT: _port, ...settings } = all;
  return settings;
}

/** Settings and secrets as a container takes them; secrets by reference only. */
export function envOf(
  context: Context,
  settings: Readonly<Record<string, string>>,
  secrets: readonly Secret[],
): readonly Values[] {
  const plain = Object.entries(settings).map(([name, value]) => ({ name, value }));
  return [...plain, ...secrets.map((secret) => ({ name: secret.variable, ...secretValue(context, secret) }))].sort(
    (a, b) => (a.name < b.name ? -1 : 1),
  );
}

function secretValue({ project }: Context, { reference, place }: Secret): Values {
  // What Cloud Run cannot take, the server reads itself, with its own identity.
  if (!isMounted(place, project)) return { value: reference };
  const name = isRemote(place, project) ? aliasOf(place) : place.name;
  return { valueFrom: { secretKeyRef: { key: place.version ?? "latest", name } } };
}

function isRemote(place: SecretPlace, project: string): boolean {
  return place.project !== undefined && place.project !== project;
}

function aliasOf({ project = "", name }: SecretPlace): string {
  return `p${project}-${name}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, "-")
    .slice(0, 63);
}

/** The annotation that leads to secrets of other projects; nothing where there are none. */
export function remoteSecrets({ project }: Context, secrets: readonly Secret[]): Readonly<Record<string, string>> {
  const items = secrets
    .map(({ place }) => place)
    .filter((place) => isMounted(place, project) && isRemote(place, project))
    .map((place) => `${aliasOf(place)}:projects/${place.project ?? ""}/secrets/${place.name}`);
  return items.length === 0 ? {} : { "run.googleapis.com/secrets": [...new Set(items)].sort().join(",") };
}

/** The secrets of these names. */
export function secretsNamed({ spec }: Context, variables: readonly string[]): readonly Secret[] {
  return spec.secrets.filter(({ variable }) => variables.includes(variable));
}

/** The way into the VPC, without a connector (https://cloud.google.com/run/docs/configuring/vpc-direct-vpc). */
export function networkOf(context: Context, tag: string): Readonly<Record<string, string>> {
  if (!usesNetwork(context)) return {};
  const { network, subnet: subnetwork } = context.settings;
  return {
    "run.googleapis.com/network-interfaces": JSON.stringify([{ network, subnetwork, tags: [tag] }]),
    "run.googleapis.com/vpc-access-egress": "private-ranges-only",
  };
}

/** The secret that holds the server's own sections of the file: one for each content, so a revision keeps what it began with. */
export function configSecret(context: Context): string {
  return nameOf(context, `config-${sum(context.config)}`);
}

/** The file, mounted from a secret: Cloud Run has no other place for files of its own. */
export function configVolume(context: Context): { readonly volume: Values; readonly mount: Values } {
  const [, folder = "", file = ""] = /^(.*)\/([^/]+)$/.exec(CONFIG_PATH) ?? [];
  return {
    volume: {
      name: "config",
      secret: { secretName: configSecret(context), items: [{ key: "1", path: file, mode: 292 }] },
    },
    mount: { name: "config", mountPath: folder },
  };
}

type Probe = Service["probes"]["startup"];

function probe({ path, period, timeout, failures }: Probe, longest: number): Values {
  const periodSeconds = Math.min(Math.max(1, seconds(period)), longest);
  return {
    httpGet: { path },
    periodSeconds,
    // Cloud Run refuses an answer that may take longer than the next question.
    timeoutSeconds: Math.min(Math.max(1, seconds(timeout)), periodSeconds),
    failureThreshold: failures,
  };
}

/**
 * Startup asks what readiness asks: Cloud Run moves requests to a revision when its startup probe has succeeded, so one that
 * reaches no database never gets any. https://cloud.google.com/run/docs/configuring/healthchecks
 */
export function probesOf({ probes }: Service): Values {
  return {
    startupProbe: probe({ ...probes.startup, path: probes.readiness.path }, 240),
    livenessProbe: probe(probes.liveness, 3600),
    readinessProbe: probe(probes.readiness, 300),
  };
}
