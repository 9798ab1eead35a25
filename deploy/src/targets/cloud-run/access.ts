import type { Service } from "#spec/spec.ts";
import { configSecret } from "./container.ts";
import { type Context, identityOf } from "./context.ts";
import { JOB_SECRETS, jobsOf } from "./jobs.ts";
import { collectorSecret } from "./service.ts";

/** Who may read a secret. */
export interface SecretGrant {
  readonly project: string;
  readonly secret: string;
  /** Service accounts, sorted. */
  readonly accounts: readonly string[];
}

/** The secrets of components that a person brings, each with those who may read it: exactly those who get it. */
export function secretGrants(context: Context): readonly SecretGrant[] {
  const { spec, project } = context;
  const readers = new Map<string, SecretGrant>();
  const grant = (component: string, variables: readonly string[]): void => {
    for (const { variable, place } of spec.secrets) {
      if (!variables.includes(variable)) continue;
      const key = `${place.project ?? project}/${place.name}`;
      const before = readers.get(key)?.accounts ?? [];
      const accounts = [...new Set([...before, identityOf(context, component).email])].sort();
      readers.set(key, { project: place.project ?? project, secret: place.name, accounts });
    }
  };
  for (const { name, secrets } of spec.services) grant(name, secrets);
  for (const job of jobsOf(context)) grant(job, JOB_SECRETS[job]);
  return [...readers.values()].sort((a, b) => (`${a.project}/${a.secret}` < `${b.project}/${b.secret}` ? -1 : 1));
}

/** The secrets that hold files of the rendering, and who may read them. */
export function fileSecrets(context: Context): readonly (SecretGrant & { readonly file: string })[] {
  const { spec, project } = context;
  const accounts = (services: readonly Service[]): readonly string[] =>
    [...new Set(services.map(({ name }) => identityOf(context, name).email))].sort();
  const files = [
    { project, secret: configSecret(context), accounts: accounts(spec.services), file: "config/slipway.yaml" },
  ];
  if (spec.images.collector === undefined) return files;
  const ports = [...new Set(spec.services.map(({ port }) => port))].sort((a, b) => a - b);
  const collectors = ports.flatMap((port) => {
    const services = spec.services.filter((service) => service.port === port);
    const [first] = services;
    if (first === undefined) return [];
    return [
      {
        project,
        secret: collectorSecret(context, first),
        accounts: accounts(services),
        file: `config/collector-${port}.yaml`,
      },
    ];
  });
  return [...files, ...collectors];
}

/** Roles in the project, which nothing smaller gives: only for the sidecar, which writes metrics. */
export function projectRoles(context: Context): readonly (readonly [account: string, role: string])[] {
  if (context.spec.images.collector === undefined) return [];
  return context.spec.services.map(({ name }) => [identityOf(context, name).email, "roles/monitoring.metricWriter"]);
}

/** Roles on buckets: files of services, and backups that no run can change again. */
export function bucketRoles(context: Context): readonly (readonly [bucket: string, account: string, role: string])[] {
  const { data, services } = context.spec;
  const { objects, postgres } = data;
  const files =
    objects === undefined
      ? []
      : services.map(({ name }) => [objects.bucket, name, "roles/storage.objectUser"] as const);
  const bucket = postgres?.backups?.bucket;
  const dumps = ["roles/storage.objectCreator", "roles/storage.objectViewer"];
  const backups = bucket === undefined ? [] : dumps.map((role) => [bucket, "backup", role] as const);
  return [...files, ...backups].map(([on, component, role]) => [on, identityOf(context, component).email, role]);
}

/** Who may call a service, as `gcloud run services set-iam-policy` takes it. A public one asks nobody. */
export function invokerPolicy(context: Context, service: Service): Readonly<Record<string, unknown>> {
  const others = context.spec.services.filter(({ name }) => name !== service.name);
  const members = [
    ...context.settings.invokers,
    ...others.map(({ name }) => `serviceAccount:${identityOf(context, name).email}`),
  ];
  const asks = service.access.kind !== "public" && members.length > 0;
  return { bindings: asks ? [{ role: "roles/run.invoker", members: [...new Set(members)].sort() }] : [] };
}

/** The components that run as an account of their own. */
export function componentsOf(context: Context): readonly string[] {
  const jobs = jobsOf(context);
  return [...context.spec.services.map(({ name }) => name), ...jobs, ...(jobs.includes("backup") ? ["scheduler"] : [])];
}
