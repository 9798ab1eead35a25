import type { TestContext } from "node:test";
import type { AuditSinks } from "#store/audit-sinks.ts";
import { createStore } from "#store/create-store.ts";
import { BACKENDS, later, run, type TestDatabase } from "#store/testing/databases.ts";
import type { DeliveryEvents } from "../delivery/events.ts";
import { SinkDelivery, type SinkDeliveryOptions, type SinkGap } from "../delivery/sink-delivery.ts";
import type { AuditSink, Delivery, SinkRecord } from "../sinks/sink.ts";
import { requirePostgres } from "../../../../test/support/require.ts";
import { Busy } from "./busy.ts";
import { FakeClock } from "./fake-clock.ts";
import { MemoryLog } from "./records.ts";

/** The progress of sinks in a real PostgreSQL; undefined after the test was skipped because there is none. */
export async function realSinks(
  t: TestContext,
): Promise<{ readonly sinks: AuditSinks; readonly database: TestDatabase } | undefined> {
  if (requirePostgres(t) === undefined) return undefined;
  const database = await BACKENDS.find(({ name }) => name === "postgresql")?.open(t);
  if (database === undefined) return undefined;
  const store = createStore({ connection: database.connection });
  later(t, () => store.close());
  return { sinks: store.auditSinks, database };
}

/** A sink that does what a test says, and remembers what it was sent. */
export class ScriptedSink implements AuditSink {
  readonly name;
  readonly target = "a test";
  readonly most = { records: 100, bytes: 1024 * 1024 };
  readonly deadlineMs = 30_000;
  /** The ids of each piece that was sent, arrived or not. */
  readonly pieces: string[][] = [];
  /** The ids that arrived, in order. */
  readonly arrived: string[] = [];
  closed = false;
  answer: (records: readonly SinkRecord[], signal: AbortSignal) => Delivery | Promise<Delivery>;

  constructor(name: AuditSink["name"] = "webhook") {
    this.name = name;
    this.answer = (records) => ({ kind: "delivered", count: records.length });
  }

  async deliver(records: readonly SinkRecord[], signal: AbortSignal): Promise<Delivery> {
    this.pieces.push(records.map(({ id }) => id));
    const delivery = await this.answer(records, signal);
    if (delivery.kind === "delivered") this.arrived.push(...records.slice(0, delivery.count).map(({ id }) => id));
    return delivery;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

/** One process's delivery on a fake clock. */
export interface Stage {
  readonly log: MemoryLog;
  readonly clock: FakeClock;
  readonly delivery: SinkDelivery;
  /** What was told of, by name. */
  readonly told: string[];
  readonly gaps: SinkGap[];
  /** Lets time pass, and everything that falls due run to its end. */
  readonly pass: (ms: number) => Promise<void>;
}

/** Puts a delivery together. Started by the test, closed after it. */
export function stage(
  t: TestContext,
  sinks: AuditSinks,
  sink: AuditSink,
  change: Partial<SinkDeliveryOptions> & { readonly log?: MemoryLog; readonly clock?: FakeClock } = {},
): Stage {
  const { log = new MemoryLog(), clock = new FakeClock(), ...options } = change;
  const busy = new Busy();
  const told: string[] = [];
  const gaps: SinkGap[] = [];
  const events: DeliveryEvents = {
    delivered: (count, { failures }) => told.push(failures > 0 ? `back ${count}` : `delivered ${count}`),
    failed: ({ state }, before) => told.push(state === before ? "failed again" : state),
    resumed: () => told.push("resumed"),
    spoolFull: (full) => full && told.push("spool full"),
    shed: (count) => told.push(`shed ${count}`),
    storeAway: () => told.push("store away"),
    storeBack: () => {},
  };
  const delivery = new SinkDelivery({
    sink: busy.watch(sink),
    sinks: busy.watch(sinks),
    source: busy.watch(log),
    holder: "process 1",
    spool: { maxRecords: 1_000_000, maxAgeMs: 7 * 86_400_000, policy: "keep" },
    recordGap: (gap) => {
      gaps.push(gap);
      return Promise.resolve();
    },
    events,
    clock,
    random: () => 0.5,
    ...options,
  });
  later(t, () => delivery.close());
  return { log, clock, delivery, told, gaps, pass: (ms) => clock.pass(ms, busy.settled) };
}

/** As the end of a lease would: whoever claims next gets the sink. */
export function expireLeases(database: TestDatabase): Promise<unknown> {
  return run(database.owner, "update slipway.audit_sinks set leased_until = '-infinity'");
}
