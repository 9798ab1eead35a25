import type { Config } from "#config/config.ts";
import { createAccessLog } from "#telemetry/access-log.ts";
import type { Logger } from "#telemetry/logger.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import type { Siblings } from "#workers/seat.ts";

/** Log, counters and access lines; a worker's counters are told to the keeper. */
export function composeTelemetry(config: Config, log: Logger, siblings: Siblings | undefined) {
  const metrics = createMetrics();
  siblings?.tellCounts(() => metrics.registry.exposition());
  const { release } = config;
  const { access: enabled, google } = config.log;
  const accessLog = createAccessLog({ enabled, google, release, worker: siblings?.seat.worker });
  return { log, metrics, accessLog };
}
