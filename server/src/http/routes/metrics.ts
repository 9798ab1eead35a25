import type { Exposition } from "#telemetry/merge-expositions.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import type { Handler } from "../server.ts";

/**
 * `GET /metrics`: everything that the server counts, as Prometheus reads it. Holds no id and no content. `together` adds what the
 * other workers count; absent: the server has none.
 */
export function createMetricsRoute(
  metrics: Metrics,
  together?: (own: () => Promise<Exposition>) => Promise<string>,
): Handler {
  const own = (): Promise<Exposition> => metrics.registry.exposition();
  return async ({ res }) => {
    const body = together ? await together(own) : await metrics.registry.metrics();
    res.writeHead(200, { "content-type": metrics.registry.contentType, "content-length": Buffer.byteLength(body) });
    res.end(body);
  };
}
