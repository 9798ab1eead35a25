import { collectDefaultMetrics, Counter as WatchedCounter, Gauge } from "prom-client";
import { cacheMetrics } from "./cache-metrics.ts";
import { Counter, Histogram, MetricsRegistry } from "./series.ts";

// From the time to a cached answer up to the longest request that the server allows (300 s).
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

function httpMetrics(registers: MetricsRegistry[]) {
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
    budgetAlerts: new Counter({
      name: "slipway_budget_alerts_total",
      help: "Budgets that have passed a share of what they may spend, by window (day, month) and share.",
      labelNames: ["window", "share"] as const,
      registers,
    }),
    limitModes: new Counter({
      name: "slipway_limit_mode_changes_total",
      help: "Changes between limits that are kept with other replicas (shared) and those that each process keeps its part of (local).",
      labelNames: ["mode"] as const,
      registers,
    }),
  };
}

function identityMetrics(registers: MetricsRegistry[]) {
  return {
    tokenVerifications: new Counter({
      name: "slipway_token_verifications_total",
      help: "Tokens of issuers that were verified and not found in memory, by outcome (ok, or why not).",
      labelNames: ["outcome"] as const,
      registers,
    }),
    issuerFailures: new Counter({
      name: "slipway_issuer_failures_total",
      help: "Attempts to read an issuer's keys or discovery document that failed.",
      labelNames: ["issuer"] as const,
      registers,
    }),
  };
}

function modelMetrics(registers: MetricsRegistry[]) {
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
    modelCost: new Counter({
      name: "slipway_model_cost_usd_total",
      help: "Cost of model calls whose price is known, in US dollars, by provider.",
      labelNames: ["provider"] as const,
      registers,
    }),
    unpricedCalls: new Counter({
      name: "slipway_model_calls_unpriced_total",
      help: "Model calls whose price is not known, by provider: their cost is in no sum.",
      labelNames: ["provider"] as const,
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

function attemptMetrics(registers: MetricsRegistry[]) {
  let attempts: () => Iterable<readonly [target: string, outcomes: Readonly<Record<string, number>>]> = () => [];
  // Kept as plain numbers by whoever makes attempts and read here, so that an attempt costs one addition.
  void new WatchedCounter({
    name: "slipway_attempts_total",
    help: "Attempts by target (the provider where no route names the target) and outcome (ok, error, timeout, rate_limited, rejected, aborted, superseded).",
    labelNames: ["target", "outcome"] as const,
    registers,
    collect() {
      this.reset();
      for (const [target, outcomes] of attempts()) {
        for (const [outcome, count] of Object.entries(outcomes)) if (count > 0) this.inc({ target, outcome }, count);
      }
    },
  });
  return {
    breakerChanges: new Counter({
      name: "slipway_breaker_changes_total",
      help: "Changes of circuit breakers by target and new state (open, half_open, closed).",
      labelNames: ["target", "to"] as const,
      registers,
    }),
    retriesDenied: new Counter({
      name: "slipway_retries_denied_total",
      help: "Retries that were not made because the provider's retry budget was spent.",
      labelNames: ["provider"] as const,
      registers,
    }),
    hedges: new Counter({
      name: "slipway_hedges_total",
      help: "Second attempts beside a first one by outcome (won, lost, failed, denied).",
      labelNames: ["outcome"] as const,
      registers,
    }),
    /** Reports these attempts. */
    watchAttempts(source: typeof attempts): void {
      attempts = source;
    },
  };
}

function queueMetrics(registers: MetricsRegistry[]) {
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

function auditMetrics(registers: MetricsRegistry[]) {
  return {
    auditSequenced: new Counter({
      name: "slipway_audit_records_sequenced_total",
      help: "Audit records that this process has put in their places.",
      labelNames: [] as const,
      registers,
    }),
    auditCheckpoints: new Counter({
      name: "slipway_audit_checkpoints_total",
      help: "Checkpoints of audit logs that this process has signed.",
      labelNames: [] as const,
      registers,
    }),
    auditBroken: new Counter({
      name: "slipway_audit_broken_total",
      help: "Times that a log was found changed in the database and was not signed.",
      labelNames: [] as const,
      registers,
    }),
  };
}

function redisMetrics(registers: MetricsRegistry[]) {
  return {
    redisStateChanges: new Counter({
      name: "slipway_redis_state_changes_total",
      help: "Changes between a Redis that is used (up) and one that is passed over (down).",
      labelNames: ["state"] as const,
      registers,
    }),
    redisMisses: new Counter({
      name: "slipway_redis_misses_total",
      help: "Commands without an answer from Redis: passed over (down), too many at once (busy), too late (deadline), failed (error).",
      labelNames: ["reason"] as const,
      registers,
    }),
  };
}

function egressMetrics(registers: MetricsRegistry[]) {
  return {
    egress: new Counter({
      name: "slipway_egress_total",
      help: "Outgoing requests but for model calls, by purpose and outcome (ok, http_error, refused, timeout, too_large, busy, failed, aborted).",
      labelNames: ["purpose", "outcome"] as const,
      registers,
    }),
  };
}

/** A sink of audit records that this process works. */
interface WatchedSink {
  readonly state: string;
  readonly waiting: number;
  readonly lagSeconds: number;
  readonly spoolFull: boolean;
}

function auditSinkMetrics(registers: MetricsRegistry[]) {
  let sinks: () => Iterable<readonly [sink: string, figures: WatchedSink]> = () => [];
  const gauge = (name: string, help: string, value: (figures: WatchedSink) => number): void => {
    // They live in the registry; nobody needs them by name. A sink that another process works has no series here.
    void new Gauge({
      name,
      help,
      labelNames: ["sink"] as const,
      registers,
      collect() {
        this.reset();
        for (const [sink, figures] of sinks()) this.set({ sink }, value(figures));
      },
    });
  };
  gauge("slipway_audit_sink_waiting_records", "Audit records that wait for the sink.", ({ waiting }) => waiting);
  gauge(
    "slipway_audit_sink_lag_seconds",
    "Age of the oldest audit record that waits for the sink.",
    (of) => of.lagSeconds,
  );
  gauge("slipway_audit_sink_failing", "1 while the sink fails or refuses records.", ({ state }) =>
    Number(state === "failing" || state === "refused"),
  );
  gauge("slipway_audit_sink_disabled", "1 while the sink is switched off until somebody resumes it.", ({ state }) =>
    Number(state === "disabled"),
  );
  gauge("slipway_audit_spool_full", "1 while more records wait for the sink than its spool may hold.", (of) =>
    Number(of.spoolFull),
  );
  return {
    auditDelivered: new Counter({
      name: "slipway_audit_sink_delivered_total",
      help: "Audit records that arrived at the sink.",
      labelNames: ["sink"] as const,
      registers,
    }),
    auditDeliveryFailures: new Counter({
      name: "slipway_audit_sink_failures_total",
      help: "Attempts to send audit records to the sink that failed.",
      labelNames: ["sink"] as const,
      registers,
    }),
    auditShed: new Counter({
      name: "slipway_audit_sink_shed_total",
      help: "Audit records that the sink did not get because its spool was full.",
      labelNames: ["sink"] as const,
      registers,
    }),
    /** Reports these sinks. */
    watchAuditSinks(source: typeof sinks): void {
      sinks = source;
    },
  };
}

/** Gauges that are asked for their value when the metrics are read, so that nothing is counted twice. */
function watchedMetrics(registers: MetricsRegistry[]) {
  const queueLengths = new Map<string, () => number>();
  let inFlight = (): number => 0;
  let drains = (): number => 0;
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
  void new Gauge({
    name: "slipway_disconnected_calls_running",
    help: "Model calls that are read on though their clients have left.",
    registers,
    collect() {
      this.set(drains());
    },
  });
  return {
    /** Reports this count of calls without a client. */
    watchDrains(count: () => number): void {
      drains = count;
    },
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
  const registry = new MetricsRegistry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    ...httpMetrics(registers),
    ...identityMetrics(registers),
    ...modelMetrics(registers),
    ...attemptMetrics(registers),
    ...queueMetrics(registers),
    ...auditMetrics(registers),
    ...cacheMetrics(registers),
    ...redisMetrics(registers),
    ...egressMetrics(registers),
    ...auditSinkMetrics(registers),
    ...watchedMetrics(registers),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
