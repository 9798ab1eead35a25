import { kubernetesQuantity } from "@slipway/contracts/spec/quantity.ts";
import { valueAt } from "#spec/merge.ts";
import type { Comparison } from "../target.ts";

/**
 * By what the API server tells the items of a list apart (`x-kubernetes-list-map-keys` of its OpenAPI, and the CRDs' own); lists that
 * are not named here are one value to it (https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy).
 */
const LIST_KEYS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  containers: [["name"]],
  initContainers: [["name"]],
  env: [["name"]],
  volumes: [["name"]],
  volumeMounts: [["mountPath"]],
  imagePullSecrets: [["name"]],
  listeners: [["name"]],
  // A container's, then a Service's; a Service's with one port may leave out its protocol.
  ports: [["containerPort", "protocol"], ["port", "protocol"], ["containerPort"], ["port"], ["name"]],
  // One value to the server, which has been seen to give an autoscaler's back in another order.
  metrics: [["type", "resource.name"]],
  topologySpreadConstraints: [["topologyKey", "whenUnsatisfiable"]],
};

const QUANTITY_PATH =
  /(^|\.)(requests|limits|capacity|minAllowed|maxAllowed)\.[^.]+$|(^|\.)(storage|sizeLimit|averageValue)$/;
/** How the API server keeps what is applied: quantities are rewritten (`1000m` is `1`), lists are merged by key. */
export const kubernetesComparison: Comparison = {
  listKey(path, items) {
    const name = /([^.[\]]+)$/.exec(path)?.[1] ?? "";
    const keys = LIST_KEYS[name] ?? [];
    return keys.find((key) => items.every((item) => key.every((field) => hasField(item, field))));
  },
  same(path, desired, observed) {
    if (desired === observed) return true;
    if (!QUANTITY_PATH.test(path)) return false;
    const [one, other] = [kubernetesQuantity(desired), kubernetesQuantity(observed)];
    return one !== undefined && other !== undefined && Math.abs(one - other) <= 1e-9 * Math.abs(one);
  },
};

function hasField(item: unknown, field: string): boolean {
  return valueAt(item, field.split(".")) !== undefined;
}
