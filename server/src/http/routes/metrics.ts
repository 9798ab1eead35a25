import type { Metrics } from "#telemetry/metrics.ts";
import type { Handler } from "../server.ts";

/** `GET /metrics`: everything that the server counts, as Prometheus reads it. Holds no id and no content. */
export function createMetricsRoute(metrics: Metrics): Handler {
  return async ({ res }) => {
    const body = await metrics.registry.metrics();
    res.writeHead(200, { "content-type": metrics.registry.contentType, "content-length": Buffer.byteLength(body) });
    res.end(body);
  };
}
