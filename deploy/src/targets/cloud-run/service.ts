import { mebibytes, millicores, seconds } from "@slipway/contracts/spec/quantity.ts";
import { releaseOf } from "#render/settings.ts";
import type { Service } from "#spec/spec.ts";
import { configVolume, envOf, networkOf, probesOf, remoteSecrets, secretsNamed, serviceSettings } from "./container.ts";
import { type Context, identityOf, labelsOf, nameOf, sum } from "./context.ts";
import { collectorText } from "./files.ts";

type Values = Readonly<Record<string, unknown>>;

/** Whether a global load balancer stands before a service. */
export function hasEdge({ access }: Service): boolean {
  return access.kind === "public" && access.hosts.length > 0;
}

/** Where requests may come from: https://cloud.google.com/run/docs/securing/ingress */
function ingressOf(service: Service): string {
  if (hasEdge(service)) return "internal-and-cloud-load-balancing";
  return service.access.kind === "internal" ? "internal" : "all";
}

/** A service in each region, as `gcloud run services replace` takes it. Without `traffic`: that is the rollout's. */
export function serviceManifests(context: Context, service: Service): readonly (readonly [region: string, Values])[] {
  const template = templateOf(context, service);
  const spec = {
    template: { ...template, metadata: { name: revisionOf(context, service, template), ...template.metadata } },
  };
  return context.regions.map((region) => [region, { ...headOf(context, service, region), spec }]);
}

function headOf(context: Context, service: Service, region: string): Values {
  const { min, max } = service.scale;
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: {
      name: nameOf(context, service.name),
      labels: { "cloud.googleapis.com/location": region, ...labelsOf(context, service.name) },
      annotations: {
        "run.googleapis.com/ingress": ingressOf(service),
        // Readiness probes are in preview: https://cloud.google.com/run/docs/configuring/healthchecks
        "run.googleapis.com/launch-stage": "BETA",
        "run.googleapis.com/maxScale": String(max),
        // Of the service, not of each revision: a revision without requests keeps no instance.
        "run.googleapis.com/minScale": String(min),
        ...(service.access.kind === "public" ? { "run.googleapis.com/invoker-iam-disabled": "true" } : {}),
      },
    },
  };
}

/** The name of a service's revision: by what runs in it, so that the same file never makes a second one. */
function revisionOf(context: Context, service: Service, template: Values): string {
  const release = releaseOf(context.spec)
    .slice(0, 8)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "");
  return `${nameOf(context, service.name)}-${release}-${sum(JSON.stringify(template))}`.slice(0, 63);
}

function templateOf(context: Context, service: Service): { readonly metadata: Values; readonly spec: Values } {
  const collector = context.spec.images.collector;
  const secrets = secretsNamed(context, service.secrets);
  const { volume } = configVolume(context);
  const containers = [serverContainer(context, service), ...(collector ? [sidecar(collector)] : [])];
  return {
    metadata: {
      labels: labelsOf(context, service.name),
      annotations: {
        "autoscaling.knative.dev/maxScale": String(service.scale.max),
        // The server works between requests too: it writes its ledger and audit records and follows changes of keys.
        "run.googleapis.com/cpu-throttling": "false",
        "run.googleapis.com/execution-environment": "gen2",
        "run.googleapis.com/startup-cpu-boost": "true",
        ...networkOf(context, nameOf(context, service.name)),
        ...remoteSecrets(context, secrets),
        ...(collector
          ? { "run.googleapis.com/container-dependencies": JSON.stringify({ collector: [service.name] }) }
          : {}),
      },
    },
    spec: {
      containerConcurrency: service.concurrency,
      timeoutSeconds: seconds(service.timeout),
      serviceAccountName: identityOf(context, service.name).email,
      containers,
      volumes: [volume, ...(collector ? [collectorVolume(context, service)] : [])],
    },
  };
}

function serverContainer(context: Context, service: Service): Values {
  return {
    name: service.name,
    image: context.spec.images.app,
    ports: [{ name: "http1", containerPort: service.port }],
    env: envOf(context, serviceSettings(context, service), secretsNamed(context, service.secrets)),
    resources: { limits: { cpu: String(millicores(service.cpu) / 1000), memory: `${mebibytes(service.memory)}Mi` } },
    ...probesOf(service),
    volumeMounts: [configVolume(context).mount],
  };
}

/** Of one content, as the server's own file. */
export function collectorSecret(context: Context, service: Service): string {
  return nameOf(context, `metrics-${sum(collectorText(service.port))}`);
}

function collectorVolume(context: Context, service: Service): Values {
  return {
    name: "collector",
    secret: { secretName: collectorSecret(context, service), items: [{ key: "1", path: "config.yaml", mode: 292 }] },
  };
}

function sidecar(image: string): Values {
  return {
    name: "collector",
    image,
    resources: { limits: { cpu: "1", memory: "512Mi" } },
    volumeMounts: [{ name: "collector", mountPath: "/etc/rungmp" }],
  };
}
