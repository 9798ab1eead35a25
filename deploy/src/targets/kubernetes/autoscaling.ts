import type { Service } from "#spec/spec.ts";
import { type Context, manifest, type Manifest, nameOf, selectorOf } from "./manifest.ts";

/** How many pods a service has: the HPA decides, the VPA only advises, the budget holds evictions back. */
export function autoscaling(context: Context, service: Service): readonly Manifest[] {
  const component = [service.name, service.name] as const;
  const target = { apiVersion: "apps/v1", kind: "Deployment", name: nameOf(context, service.name) };
  const { min, max, cpu, memory } = service.scale;
  const utilization = (name: string, averageUtilization: number) => ({
    type: "Resource",
    resource: {
      name,
      target: { type: "Utilization", averageUtilization: Math.max(1, Math.round(averageUtilization)) },
    },
  });
  return [
    manifest(context, ["autoscaling/v2", "HorizontalPodAutoscaler"], component, {
      spec: {
        scaleTargetRef: target,
        minReplicas: min,
        maxReplicas: max,
        metrics: [utilization("cpu", cpu), utilization("memory", memory)],
        behavior: {
          scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: "Percent", value: 100, periodSeconds: 30 }] },
          scaleDown: { stabilizationWindowSeconds: 300, policies: [{ type: "Percent", value: 25, periodSeconds: 60 }] },
        },
      },
    }),
    // Off: it writes what it would ask for and changes nothing, so it cannot fight the HPA over the same metrics.
    manifest(context, ["autoscaling.k8s.io/v1", "VerticalPodAutoscaler"], component, {
      spec: {
        targetRef: target,
        updatePolicy: { updateMode: "Off" },
        resourcePolicy: {
          containerPolicies: [{ containerName: service.name, controlledResources: ["cpu", "memory"] }],
        },
      },
    }),
    manifest(context, ["policy/v1", "PodDisruptionBudget"], component, {
      spec: {
        maxUnavailable: "25%",
        unhealthyPodEvictionPolicy: "AlwaysAllow",
        selector: { matchLabels: selectorOf(context, service.name) },
      },
    }),
  ];
}
