import { nearest } from "@slipway/contracts/nearest.ts";
import type { YamlProblem } from "@slipway/contracts/spec/read-yaml.ts";
import { cloudRunProblems } from "./cloud-run-problems.ts";
import { nameProblems } from "./name-problems.ts";
import { clientSecretPath, directReferences } from "./issuer-secrets.ts";
import { referenceProblems } from "./reference-problems.ts";
import type { Service, Spec } from "./spec.ts";

const SECRET_NAME = /(_KEY|_SECRET|_TOKEN|PASSWORD|_DSN|^DATABASE_URL|^REDIS_URL|^MIGRATION_DATABASE_URL)$/;
const PASSWORD_IN_URL = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/;

/** What is wrong between the parts of a system, which the schema of each part cannot see. */
export function problemsOf(spec: Spec): readonly YamlProblem[] {
  return [
    ...nameProblems(spec),
    ...plainSecrets(["env"], spec.env),
    ...clientSecrets(spec),
    ...missingSecrets(spec),
    ...connections(spec),
    ...clusterProblems(spec),
    ...referenceProblems(spec),
    ...cloudRunProblems(spec),
    ...spec.services.flatMap((service) => serviceProblems(spec, service)),
  ];
}

/** A secret that is written into the file as a setting. */
function plainSecrets(path: readonly string[], env: Readonly<Record<string, string>>): readonly YamlProblem[] {
  return Object.entries(env)
    .filter(([name, value]) => SECRET_NAME.test(name) || PASSWORD_IN_URL.test(value))
    .map(([name]) => ({
      path: [...path, name],
      message: "is a secret and may not be written here: say under `secrets` where it lies",
      ofKey: true as const,
    }));
}

/** Secrets of issuers' clients that no platform can be told of, and names that two secrets have. */
function clientSecrets({ identity, secrets }: Spec): readonly YamlProblem[] {
  const names = secrets.map(({ variable }) => variable);
  return [
    ...directReferences(identity).map(({ index }) => ({
      path: clientSecretPath(index),
      message:
        "cannot be handed to what is rendered: say where it lies as under `secrets`, such as gcp-sm://projects/P/secrets/S/versions/latest or aws-sm://eu-central-1/name#field",
    })),
    ...names
      .filter((name, at) => names.indexOf(name) !== at)
      .map((name) => ({
        path: ["secrets", name],
        message: "is the variable that an issuer's client secret is handed over in: call this one otherwise",
        ofKey: true as const,
      })),
  ];
}

/** Compose and Railway bring a database and a Redis of their own, with addresses that are made on the spot. */
const OWN_STORES: ReadonlySet<string> = new Set(["compose", "railway"]);

type Wanted = readonly [variable: string, path: readonly string[], why: string];

/** Secrets that every service needs for the data that the system has. */
function serviceSecrets({ data, stage, environment }: Spec): readonly Wanted[] {
  const own = OWN_STORES.has(environment.target);
  return [
    ...(data.postgres && !own
      ? [["DATABASE_URL", ["data", "postgres"], "the address of the server's own login"] as const]
      : []),
    ...(data.postgres && stage === "production"
      ? [["ENCRYPTION_KEY", ["data", "postgres"], "the key that encrypts data at rest"] as const]
      : []),
    ...(data.redis && !own ? [["REDIS_URL", ["data", "redis"], "its address"] as const] : []),
  ];
}

function missingSecrets(spec: Spec): readonly YamlProblem[] {
  const { data, secrets, environment } = spec;
  const has = new Set(secrets.map(({ variable }) => variable));
  const wanted: Wanted[] = [...serviceSecrets(spec)];
  if (!OWN_STORES.has(environment.target) && data.postgres)
    wanted.push(["MIGRATION_DATABASE_URL", ["data", "postgres"], "the address of the tables' owner, for migrations"]);
  if (!OWN_STORES.has(environment.target) && data.postgres?.backups)
    wanted.push([
      "BACKUP_DATABASE_URL",
      ["data", "postgres", "backups"],
      "the address of a login that may read all rows (BYPASSRLS)",
    ]);
  return wanted
    .filter(([variable]) => !has.has(variable))
    .map(([variable, path, why]) => ({ path, message: `needs the secret ${variable}, ${why}`, ofKey: true as const }));
}

/** Where a Kubernetes cluster can fetch secrets from by External Secrets with an identity of its own. */
const CLUSTER_SECRETS = new Set(["gcp-sm", "aws-sm", "azure-kv"]);

function clusterProblems({ environment, environmentName, services, secrets }: Spec): readonly YamlProblem[] {
  if (environment.target !== "kubernetes" || environmentName === undefined) return [];
  const problems: YamlProblem[] = [];
  for (const { path, place } of secrets) {
    if (CLUSTER_SECRETS.has(place.kind)) continue;
    problems.push({ path, message: "must lie in gcp-sm, aws-sm or azure-kv for kubernetes" });
  }
  const cluster = environment.cluster;
  const components = [...services.map(({ name }) => name), "backup", "secrets"];
  for (const name of Object.keys(cluster?.identities ?? {})) {
    if (components.includes(name)) continue;
    const suggestion = nearest(name, components);
    problems.push({
      path: ["environments", environmentName, "cluster", "identities", name],
      message: `is nobody's: there are ${components.join(", ")}`,
      ofKey: true,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }
  const isPublic = services.some(({ access }) => access.kind === "public");
  const path = ["environments", environmentName, "cluster"];
  if (
    isPublic &&
    (cluster?.provider === "eks" || cluster?.provider === "aks") &&
    cluster.gateway.networks === undefined
  )
    problems.push({
      path: [...path, "gateway"],
      message: "must say in `networks` which subnets the balancer's requests come from",
      ofKey: true,
    });
  return problems;
}

/** The pools of all instances together against what the database takes. */
function connections({ services, data: { postgres }, environment }: Spec): readonly YamlProblem[] {
  if (postgres === undefined) return [];
  // On Cloud Run each region scales for itself; a cluster is in one.
  const places = environment.target === "cloud-run" ? Math.max(1, environment.regions.length) : 1;
  // One more connection of each instance follows changes; ten are left for migrations, backups and people.
  const most = services.reduce((sum, { scale }) => sum + places * scale.max * (postgres.poolSize + 1), 10);
  if (most <= postgres.maxConnections) return [];
  return [
    {
      path: ["data", "postgres", "maxConnections"],
      message: `must be at least ${most}: all instances (scale.max) with their pools (poolSize + 1), and 10 besides`,
    },
  ];
}

/** Platforms on which each region has instances of its own. */
const IN_EACH_REGION: ReadonlySet<string> = new Set(["cloud-run", "ecs", "lambda", "railway"]);

/** What several instances need of each other. */
function together({ data, environment }: Spec, { name, scale }: Service): readonly YamlProblem[] {
  const regions = IN_EACH_REGION.has(environment.target) ? Math.max(1, environment.regions.length) : 1;
  if (scale.max * regions === 1) return [];
  const path = ["services", name, "scale", "max"];
  const where = regions === 1 ? "must be 1" : `is for each of ${regions} regions, and there may be one instance`;
  return [
    ...(data.postgres === undefined
      ? [{ path, message: `${where} without \`data.postgres\`: the embedded database serves one process` }]
      : []),
    ...(data.redis === undefined
      ? [{ path, message: `${where} without \`data.redis\`: several instances keep their limits together there` }]
      : []),
  ];
}

function serviceProblems(spec: Spec, service: Service): readonly YamlProblem[] {
  const { secrets, env, environment } = spec;
  const at = ["services", service.name] as const;
  const names = secrets.map(({ variable }) => variable);
  const problems: YamlProblem[] = [...plainSecrets([...at, "env"], service.env)];
  for (const variable of service.secrets) {
    if (names.includes(variable)) continue;
    const suggestion = nearest(variable, names);
    const meant = suggestion === undefined ? {} : { suggestion };
    problems.push({
      path: [...at, "secrets"],
      message: `names ${variable}, which \`secrets\` does not have`,
      ...meant,
    });
  }
  for (const [variable, , why] of serviceSecrets(spec)) {
    // One that nobody has is told once, not for each service.
    if (names.includes(variable) && !service.secrets.includes(variable))
      problems.push({ path: [...at, "secrets"], message: `must hold ${variable}, ${why}` });
  }
  for (const variable of [...Object.keys(env), ...Object.keys(service.env)]) {
    if (service.secrets.includes(variable))
      problems.push({ path: [...at, "secrets"], message: `holds ${variable}, which is a setting already` });
  }
  problems.push(...together(spec, service));
  if (environment.target === "kubernetes" && service.scale.min === 0)
    problems.push({
      path: [...at, "scale", "min"],
      message: "must be at least 1 on kubernetes, which starts nothing for a request",
    });
  if (service.access.kind === "public" && service.access.hosts.length === 0 && environment.target === "kubernetes")
    problems.push({ path: [...at, "access", "hosts"], message: "must name a host, or a gateway would take any" });
  return problems;
}
