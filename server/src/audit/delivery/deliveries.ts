import type { AuditSinks, SinkReport } from "#store/audit-sinks.ts";
import type { Logger } from "#telemetry/logger.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import type { AuditSink, SinkName } from "../sinks/sink.ts";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { createDeliveryEvents } from "./events.ts";
import { SinkDelivery, type SinkGap } from "./sink-delivery.ts";
import { type RecordSource, shareLast } from "./source.ts";
import type { SpoolSettings } from "./spool.ts";

/** How one sink of this server is doing, whichever process works it. */
export interface SinkStatus extends Omit<SinkReport, "sink"> {
  readonly name: SinkName;
  /** Records that wait. */
  readonly waiting: number;
  /** When the oldest of them happened; null when none waits. */
  readonly oldestWaitingAt: Date | null;
}

/** The deliveries to all sinks of this server. */
export interface Deliveries {
  start(): void;
  /** Sends what there is, for at most `timeoutMs`, to the sinks that take records. What is left is sent by whoever comes next. */
  finish(timeoutMs: number): Promise<void>;
  /** Ends what is being sent, so that other processes may go on at once; waits at most `timeoutMs` for a database that does not answer. */
  close(timeoutMs: number): Promise<void>;
  /** In the order of their names. */
  status(): Promise<readonly SinkStatus[]>;
  /** Lets a sink try again now; whoever works it sees so within seconds. False when this server has no such sink, or it has never run. */
  resume(name: string): Promise<boolean>;
  /** The position that every sink has reached, which retention must not pass; undefined when nothing holds it up. */
  oldestNeeded(): Promise<number | undefined>;
}

/** What the deliveries need. */
export interface DeliveriesOptions {
  readonly sinks: readonly AuditSink[];
  readonly store: AuditSinks;
  readonly source: RecordSource;
  readonly holder: string;
  readonly spool: SpoolSettings;
  readonly recordGap: (gap: SinkGap) => Promise<void>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock?: Clock;
}

const LAST_MS = 400;

const NEVER_RUN: Omit<SinkStatus, "name" | "target" | "waiting" | "oldestWaitingAt"> = {
  holder: null,
  position: 0,
  sendingTo: null,
  state: "working",
  reason: null,
  failures: 0,
  failingSince: null,
  nextTryAt: null,
  lastDeliveredAt: null,
  delivered: 0,
  shed: 0,
};

/** Makes one delivery a sink: each goes at its own pace, and none waits for another. */
export function createDeliveries(options: DeliveriesOptions): Deliveries {
  const { sinks, store, log, metrics, holder, spool, recordGap, clock = SYSTEM_CLOCK } = options;
  const source = shareLast(options.source, clock, LAST_MS);
  const deliveries = sinks.map((sink) => {
    const events = createDeliveryEvents(sink.name, log, metrics);
    const delivery = new SinkDelivery({ sink, sinks: store, source, holder, spool, recordGap, events, clock });
    return { sink, delivery };
  });
  metrics.watchAuditSinks(() =>
    deliveries.flatMap(({ sink, delivery }) => {
      const { figures } = delivery;
      return figures ? [[sink.name, figures] as const] : [];
    }),
  );

  /** What the work comes to, or undefined when it takes longer. */
  async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result | undefined> {
    const done = new AbortController();
    const late = clock.sleep(timeoutMs, done.signal).then(() => undefined);
    try {
      return await Promise.race([work, late]);
    } finally {
      done.abort();
    }
  }

  async function status(): Promise<readonly SinkStatus[]> {
    const [reports, last] = await Promise.all([store.list(), options.source.last()]);
    const found = sinks.map(async ({ name, target }): Promise<SinkStatus> => {
      const { sink: _, ...report } = { ...NEVER_RUN, target, ...reports.find(({ sink }) => sink === name) };
      const waiting = Math.max(0, last - report.position);
      const [oldest] = waiting > 0 ? await options.source.after(report.position, 1) : [];
      return { ...report, name, waiting, oldestWaitingAt: oldest?.at ?? null };
    });
    return (await Promise.all(found)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  return {
    start() {
      for (const { delivery } of deliveries) delivery.start();
    },
    async finish(timeoutMs) {
      // Who works no sink has nothing to finish, and need not ask a database that may be away.
      if (!deliveries.some(({ delivery }) => delivery.figures)) return;
      const until = clock.now() + timeoutMs;
      const last = await within(
        timeoutMs,
        options.source.last().catch(() => 0),
      );
      if (last === undefined) return;
      await Promise.all(deliveries.map(({ delivery }) => delivery.finish(last, until)));
    },
    async close(timeoutMs) {
      await within(timeoutMs, Promise.all(deliveries.map(({ delivery }) => delivery.close())));
    },
    status,
    resume: async (name) => sinks.some((sink) => sink.name === name) && store.resume(name),
    async oldestNeeded() {
      if (sinks.length === 0 || spool.policy === "shed") return undefined;
      const reports = await store.list();
      return Math.min(...sinks.map(({ name }) => reports.find(({ sink }) => sink === name)?.position ?? 0));
    },
  };
}
