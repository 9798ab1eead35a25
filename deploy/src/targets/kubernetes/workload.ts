import { millicores, seconds } from "@slipway/contracts/spec/quantity.ts";
import { CONFIG_PATH, releaseOf, settingsOf } from "#render/settings.ts";
import { yamlText } from "#render/yaml.ts";
import type { Service } from "#spec/spec.ts";
import { identityOf, usesIdentity } from "./identity.ts";
import { type Context, labelsOf, manifest, type Manifest, nameOf, selectorOf } from "./manifest.ts";
import { CONTAINER_SECURITY, envOf, POD_SECURITY, probesOf, TMP_MOUNT, TMP_VOLUME } from "./pod.ts";
import { secretNames } from "./secrets.ts";

/** Seconds in which balancers learn that a pod ends, before it is told to. */
const LEAVING_SECONDS = 5;

/** The Deployment of a service and what belongs to it alone. */
export function workload(context: Context, service: Service): readonly Manifest[] {
  return [deployment(context, service), serviceObject(context, service)];
}

/** The server's own sections of the file. A sum of them stands on the pods, so that a change rolls them. */
export function configMap(context: Context): Manifest {
  return manifest(context, ["v1", "ConfigMap"], ["config", "config"], {
    data: { "slipway.yaml": yamlText("", context.spec.server) },
  });
}

function serviceObject(context: Context, { name, port }: Service): Manifest {
  return manifest(context, ["v1", "Service"], [name, name], {
    spec: {
      type: "ClusterIP",
      selector: selectorOf(context, name),
      ports: [{ name: "http", port, targetPort: "http", protocol: "TCP", appProtocol: "http" }],
    },
  });
}

/** Without `replicas`: they are the autoscaler's. */
function deployment(context: Context, service: Service): Manifest {
  const { spec } = context;
  const selector = selectorOf(context, service.name);
  return manifest(context, ["apps/v1", "Deployment"], [service.name, service.name], {
    spec: {
      revisionHistoryLimit: 5,
      minReadySeconds: 5,
      progressDeadlineSeconds: 600,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } },
      selector: { matchLabels: selector },
      template: {
        metadata: {
          labels: {
            ...labelsOf(context, service.name),
            "app.kubernetes.io/version": releaseOf(spec),
            ...(usesIdentity(context, service.name) ? context.provider.identityLabels : {}),
          },
          annotations: { "slipway/config": sum(JSON.stringify(spec.server)) },
        },
        spec: {
          serviceAccountName: nameOf(context, service.name),
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: seconds(service.drain) + LEAVING_SECONDS + 5,
          securityContext: POD_SECURITY,
          topologySpreadConstraints: spread(selector),
          containers: [container(context, service)],
          volumes: [TMP_VOLUME, { name: "config", configMap: { name: nameOf(context, "config") } }],
        },
      },
    },
  });
}

function container(context: Context, service: Service): Readonly<Record<string, unknown>> {
  const { spec } = context;
  return {
    name: service.name,
    image: spec.images.app,
    imagePullPolicy: "IfNotPresent",
    ports: [{ name: "http", containerPort: service.port, protocol: "TCP" }],
    env: envOf(settingsOf(spec, service)),
    envFrom: secretNames(context, service.name, service.secrets).map((name) => ({ secretRef: { name } })),
    // No limit of CPU: it would throttle bursts on a node that has cores to spare. Memory and disk are bounded.
    resources: {
      requests: { cpu: `${millicores(service.cpu)}m`, memory: service.memory, "ephemeral-storage": "64Mi" },
      limits: { memory: service.memory, "ephemeral-storage": "256Mi" },
    },
    ...probesOf(service),
    lifecycle: { preStop: { sleep: { seconds: LEAVING_SECONDS } } },
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      TMP_MOUNT,
      { name: "config", mountPath: CONFIG_PATH.slice(0, CONFIG_PATH.lastIndexOf("/")), readOnly: true },
    ],
  };
}

/** Over zones and nodes, each release for itself: what is left of the one before does not count. */
function spread(matchLabels: Readonly<Record<string, string>>): readonly unknown[] {
  return ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels },
    matchLabelKeys: ["pod-template-hash"],
  }));
}

/** FNV-1a, 32 bits: enough to tell that a text changed, and pure. */
export function sum(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}

/** Service accounts: one a service, none with rights in the cluster. */
export function serviceAccount(context: Context, component: string): Manifest {
  return manifest(
    context,
    ["v1", "ServiceAccount"],
    [component, component],
    { automountServiceAccountToken: false },
    { annotations: identityOf(context, component) },
  );
}
