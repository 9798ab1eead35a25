import { assertPinned } from "#render/pinned.ts";
import { autoscaling } from "./autoscaling.ts";
import { gatewayOf } from "./gateway.ts";
import { backup, migration } from "./jobs.ts";
import { type Context, labelsOf, type Manifest } from "./manifest.ts";
import { monitoring } from "./monitoring.ts";
import { denyAll, servicePolicy } from "./network.ts";
import { externalSecrets, secretStores } from "./secrets.ts";
import { configMap, serviceAccount, workload } from "./workload.ts";

/** The namespace, whose pods must keep to the restricted Pod Security Standard. */
export function namespaceObject(context: Context): Manifest {
  const level = (mode: string) => [
    [`pod-security.kubernetes.io/${mode}`, "restricted"],
    [`pod-security.kubernetes.io/${mode}-version`, "latest"],
  ];
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: context.namespace ?? context.spec.name,
      labels: {
        ...labelsOf(context, "namespace"),
        ...(Object.fromEntries(["enforce", "audit", "warn"].flatMap(level)) as Record<string, string>),
      },
    },
  };
}

/** Every object of a system but its namespace, in the order in which they can be applied. Throws `spec_incomplete`. */
export function objectsOf(context: Context): readonly Manifest[] {
  const { spec } = context;
  assertPinned(spec, ["app", ...(spec.data.postgres?.backups ? (["postgres", "rclone"] as const) : [])]);
  const jobs = [...(spec.data.postgres ? ["migrate"] : []), ...(spec.data.postgres?.backups ? ["backup"] : [])];
  const accounts = [...spec.services.map(({ name }) => name), ...jobs, ...(spec.secrets.length > 0 ? ["secrets"] : [])];
  return [
    ...accounts.map((component) => serviceAccount(context, component)),
    denyAll(context),
    ...spec.services.map((service) => servicePolicy(context, service)),
    ...secretStores(context),
    ...spec.services.flatMap(({ name, secrets }) => externalSecrets(context, name, secrets)),
    configMap(context),
    ...migration(context),
    ...spec.services.flatMap((service) => [...workload(context, service), ...autoscaling(context, service)]),
    ...gatewayOf(context),
    ...backup(context),
    ...monitoring(context),
  ];
}
