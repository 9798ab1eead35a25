import type { SinkFailure } from "#store/audit-sinks.ts";
import type { Logger } from "#telemetry/logger.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import type { SinkName } from "../sinks/sink.ts";

/** What one sink's delivery tells: counts, and one line of the log a change. */
export interface DeliveryEvents {
  delivered(count: number, before: { readonly failures: number; readonly failingSince: Date | null }): void;
  failed(failure: SinkFailure, before: string): void;
  resumed(): void;
  spoolFull(full: boolean, waiting: number): void;
  shed(count: number, from: number, to: number): void;
  /** The records cannot be read or the progress not written; told once until it works again. */
  storeAway(error: unknown): void;
  storeBack(): void;
}

const FAILURE_LINES = {
  failing: "an audit sink does not take records; they are kept and sent again",
  refused: "an audit sink refuses records; they are kept, and somebody must see to the sink",
  disabled: "an audit sink is switched off; its records are kept until it is resumed",
} as const;

/** Tells the logger and the metrics. */
export function createDeliveryEvents(sink: SinkName, log: Logger, metrics: Metrics): DeliveryEvents {
  let away = false;
  let full = false;
  return {
    delivered(count, before) {
      metrics.auditDelivered.inc({ sink }, count);
      if (before.failures === 0) return;
      const { failures, failingSince } = before;
      log.info({ sink, failures, failingSince }, "an audit sink takes records again");
    },
    failed({ state, reason, failures }, before) {
      metrics.auditDeliveryFailures.inc({ sink });
      if (state === before) return;
      const level = state === "failing" ? "warn" : "error";
      log[level]({ sink, reason, failures }, FAILURE_LINES[state]);
    },
    resumed() {
      log.info({ sink }, "an audit sink was resumed");
    },
    spoolFull(now, waiting) {
      if (now === full) return;
      full = now;
      if (now) log.error({ sink, waiting }, "more audit records wait for a sink than the spool may hold");
      else log.info({ sink, waiting }, "the audit records that wait for a sink fit into the spool again");
    },
    shed(count, from, to) {
      metrics.auditShed.inc({ sink }, count);
      log.error(
        { sink, count, from, to },
        "audit records were not sent to a sink, for too many waited; they stay in the log",
      );
    },
    storeAway(error) {
      if (!away) log.warn({ sink, reason: String(error) }, "an audit sink waits for the database");
      away = true;
    },
    storeBack() {
      if (away) log.info({ sink }, "an audit sink goes on: the database is back");
      away = false;
    },
  };
}
