import { kubernetesQuantity } from "@slipway/contracts/spec/quantity.ts";
import { isMap, valueAt } from "#spec/merge.ts";
import type { DesiredResource, ServiceSize } from "../target.ts";

const MIB = 2 ** 20;

/** What each Deployment's pods ask for, and how many of them its autoscaler keeps. */
export function kubernetesSizes(resources: readonly DesiredResource[]): readonly ServiceSize[] {
  return resources.flatMap(({ fields }) => {
    if (fields["kind"] !== "Deployment") return [];
    const name = valueAt(fields, ["metadata", "name"]);
    const service = valueAt(fields, ["metadata", "labels", "app.kubernetes.io/component"]) ?? name;
    const containers: unknown = valueAt(fields, ["spec", "template", "spec", "containers"]);
    const requests = (Array.isArray(containers) ? containers : []).map((one: unknown) =>
      valueAt(one, ["resources", "requests"]),
    );
    const sum = (what: string): number =>
      requests.reduce<number>((total, one) => total + (kubernetesQuantity(isMap(one) ? one[what] : undefined) ?? 0), 0);
    const scaler = resources.find((one) => scales(one, name));
    const replicas = Number(valueAt(fields, ["spec", "replicas"]) ?? 1);
    const size = {
      service: String(service),
      millicores: Math.round(sum("cpu") * 1000),
      mebibytes: Math.round(sum("memory") / MIB),
      min: Number(valueAt(scaler?.fields, ["spec", "minReplicas"]) ?? replicas),
      max: Number(valueAt(scaler?.fields, ["spec", "maxReplicas"]) ?? replicas),
    };
    return [size];
  });
}

function scales({ fields }: DesiredResource, deployment: unknown): boolean {
  return (
    fields["kind"] === "HorizontalPodAutoscaler" && valueAt(fields, ["spec", "scaleTargetRef", "name"]) === deployment
  );
}
