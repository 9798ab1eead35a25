import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

// From the time to a cached answer up to the longest request that the server allows (300 s).
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

function httpMetrics(registers: Registry[]) {
  return {
    httpRequests: new Counter({
      name: "slipway_http_requests_total",
      help: "Answered requests by route and status.",
      labelNames: ["route", "status"] as const,
      registers,
    }),
    httpDuration: new Histogram({
      name: "slipway_http_request_duration_seconds",
      help: "Time from the request's headers to the last byte of the answer.",
      labelNames: ["route"] as const,
      buckets: DURATION_BUCKETS,
      registers,
    }),
    refusals: new Counter({
      name: "slipway_admission_refusals_total",
      help: "Requests that admission refused, by error code.",
      labelNames: ["code"] as const,
      registers,
    }),
  };
}

function modelMetrics(registers: Registry[]) {
  return {
    modelCalls: new Counter({
      name: "slipway_model_calls_total",
      help: "Model calls by provider and outcome (ok, error, aborted).",
      labelNames: ["provider", "outcome"] as const,
      registers,
    }),
    modelTokens: new Counter({
      name: "slipway_model_tokens_total",
      help: "Tokens by provider and disjoint class (input, cached_read, cache_write, output, reasoning).",
      labelNames: ["provider", "class"] as const,
      registers,
    }),
    timeToFirstEvent: new Histogram({
      name: "slipway_model_time_to_first_event_seconds",
      help: "Time from asking a provider to its first event.",
      labelNames: ["provider"] as const,
      buckets: DURATION_BUCKETS,
      registers,
    }),
    agentRuns: new Counter({
      name: "slipway_agent_runs_total",
      help: "Agent runs by how they ended.",
      labelNames: ["status"] as const,
      registers,
    }),
  };
}

function queueMetrics(registers: Registry[]) {
  return {
    queueFailures: new Counter({
      name: "slipway_write_failures_total",
      help: "Group writes that failed and are tried again.",
      labelNames: ["queue"] as const,
      registers,
    }),
    queueDropped: new Counter({
      name: "slipway_write_dropped_total",
      help: "Records that found their queue full; each is in the log instead.",
      labelNames: ["queue"] as const,
      registers,
    }),
  };
}

/** Gauges that are asked for their value when the metrics are read, so that nothing is counted twice. */
function watchedMetrics(registers: Registry[]) {
  const queueLengths = new Map<string, () => number>();
  let inFlight = (): number => 0;
  // Both live in the registry; nobody needs them by name.
  void new Gauge({
    name: "slipway_write_queue_length",
    help: "Records that wait to be written to the database.",
    labelNames: ["queue"] as const,
    registers,
    collect() {
      for (const [queue, length] of queueLengths) this.set({ queue }, length());
    },
  });
  void new Gauge({
    name: "slipway_in_flight_requests",
    help: "Admitted requests that run.",
    registers,
    collect() {
      this.set(inFlight());
    },
  });
  return {
    /** Reports this queue's length. */
    watchQueue(queue: string, length: () => number): void {
      queueLengths.set(queue, length);
    },
    /** Reports this count of admitted requests. */
    watchInFlight(count: () => number): void {
      inFlight = count;
    },
  };
}

/** Every metric of the server: name, labels, meaning. Labels have few values: never an id, a path or a client's text. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    ...httpMetrics(registers),
    ...modelMetrics(registers),
    ...queueMetrics(registers),
    ...watchedMetrics(registers),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
