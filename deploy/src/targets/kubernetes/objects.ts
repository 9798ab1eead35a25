import { SlipwayError } from "@slipway/contracts/errors.ts";
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
  assertPinned(context);
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

/** Images run by digest: a tag can lead elsewhere tomorrow. */
function assertPinned({ spec: { images, data } }: Context): void {
  const used = ["app", ...(data.postgres?.backups ? (["postgres", "rclone"] as const) : [])] as const;
  for (const name of used) {
    const image = images[name];
    if (image === undefined || image.includes("@sha256:")) continue;
    throw new SlipwayError("spec_incomplete", `The image \`${name}\` has no digest: ${image}.`, {
      hint:
        name === "app"
          ? "Pass --digest sha256:…, or write it into `images.app`."
          : `Write it into \`images.${name}\`: name@sha256:….`,
    });
  }
}
