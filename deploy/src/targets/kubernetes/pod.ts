import { seconds } from "@slipway/contracts/spec/quantity.ts";
import type { Service } from "#spec/spec.ts";

/** What the restricted Pod Security Standard asks of a pod, and a fixed user besides. */
export const POD_SECURITY = {
  runAsNonRoot: true,
  runAsUser: 1000,
  runAsGroup: 1000,
  fsGroup: 1000,
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/** The same of a container. */
export const CONTAINER_SECURITY = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
} as const;

/** The one place that a container may write to. */
export const TMP_VOLUME = { name: "tmp", emptyDir: { sizeLimit: "64Mi" } } as const;
export const TMP_MOUNT = { name: "tmp", mountPath: "/tmp" } as const;

/** Startup, liveness and readiness, each with its own question. */
export function probesOf({ probes }: Service): Readonly<Record<string, unknown>> {
  const probe = ({ path, period, timeout, failures }: Service["probes"]["startup"]) => ({
    httpGet: { path, port: "http" },
    periodSeconds: Math.max(1, seconds(period)),
    timeoutSeconds: Math.max(1, seconds(timeout)),
    failureThreshold: failures,
  });
  return {
    startupProbe: probe(probes.startup),
    livenessProbe: probe(probes.liveness),
    readinessProbe: probe(probes.readiness),
  };
}

/** Settings as a container takes them. */
export function envOf(settings: Readonly<Record<string, string>>): readonly Readonly<Record<string, string>>[] {
  return Object.entries(settings).map(([name, value]) => ({ name, value: literal(value) }));
}

/** Kubernetes fills in `$(NAME)` and makes one `$` of two; this is what it takes as it stands. */
function literal(value: string): string {
  return value.replaceAll(/\$(?=[$(])/g, "$$$$");
}
