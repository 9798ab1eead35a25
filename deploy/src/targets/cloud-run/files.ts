import { yamlText } from "#render/yaml.ts";

/** What the sidecar scrapes (https://cloud.google.com/stackdriver/docs/managed-prometheus/cloudrun-sidecar). */
export function collectorText(port: number): string {
  return yamlText("", {
    apiVersion: "monitoring.googleapis.com/v1beta",
    kind: "RunMonitoring",
    metadata: { name: "slipway" },
    spec: { endpoints: [{ port, path: "/metrics", interval: "30s" }] },
  });
}
