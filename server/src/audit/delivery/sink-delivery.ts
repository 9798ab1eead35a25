import type { AuditSinks, SinkLease, SinkProgress } from "#store/audit-sinks.ts";
import type { AuditSink, Delivery, SinkName } from "../sinks/sink.ts";
import { Attempts } from "./attempt.ts";
import type { Clock } from "./clock.ts";
import type { DeliveryEvents } from "./events.ts";
import { afterFailure } from "./retry.ts";
import { nextPiece, type RecordSource } from "./source.ts";
import { lookAtSpool, type SpoolSettings } from "./spool.ts";

/** A process that is gone is followed by another within this and one look. */
const LEASE_MS = 15_000;
const RENEW_MS = 4_000;
const CLAIM_MS = 3_000;
const IDLE_MS = 500;
const SPOOL_MS = 10_000;
const STORE_RETRY_MS = 1_000;
const FINISH_LOOK_MS = 25;

/** Records that a sink will not get, as the audit log itself tells it. */
export interface SinkGap {
  readonly sink: SinkName;
  readonly from: number;
  readonly to: number;
}

/** What the delivery to one sink needs. */
export interface SinkDeliveryOptions {
  readonly sink: AuditSink;
  readonly sinks: AuditSinks;
  readonly source: RecordSource;
  /** This process, as others may see it. */
  readonly holder: string;
  readonly spool: SpoolSettings;
  /** Writes the gap into the audit log; resolves when it is there for good. */
  readonly recordGap: (gap: SinkGap) => Promise<void>;
  readonly events: DeliveryEvents;
  readonly clock: Clock;
  readonly random?: () => number;
}

/** A figure of a sink that this process works. */
export interface SinkFigures {
  readonly state: SinkProgress["state"];
  readonly waiting: number;
  readonly lagSeconds: number;
  readonly spoolFull: boolean;
}

/**
 * Sends the audit log to one sink, in order and at least once: a piece is sent, and when it has arrived the sink's position is moved
 * on. Of all processes one at a time does so, by a lease with a fence. The end of a piece is written down before it is sent, so
 * that whoever sends it again, after a crash as well, sends the same piece.
 */
export class SinkDelivery {
  readonly #options: SinkDeliveryOptions;
  readonly #attempts: Attempts;
  readonly #closing = new AbortController();
  /** Ends the wait for the next look. */
  #nudge = new AbortController();
  #lease: SinkLease | undefined;
  #progress: SinkProgress | undefined;
  #renewedAt = 0;
  #spoolAt = -Infinity;
  #waiting = 0;
  #oldestAt: Date | undefined;
  #spoolFull = false;
  #running: Promise<void> | undefined;

  constructor(options: SinkDeliveryOptions) {
    this.#options = options;
    this.#attempts = new Attempts(options.sink, options.clock);
  }

  /** Undefined while another process works the sink. */
  get figures(): SinkFigures | undefined {
    if (!this.#lease || !this.#progress) return undefined;
    const { state } = this.#progress;
    const since = this.#waiting > 0 ? this.#oldestAt?.getTime() : undefined;
    const lagSeconds = since === undefined ? 0 : Math.max(0, (this.#options.clock.now() - since) / 1000);
    return { state, waiting: this.#waiting, lagSeconds, spoolFull: this.#spoolFull };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Sends what there is up to the position, as long as the sink takes it and time is left. */
  async finish(last: number, until: number): Promise<void> {
    const { clock } = this.#options;
    while (clock.now() < until) {
      const progress = this.#progress;
      if (!progress || progress.state !== "working" || progress.position >= last) return;
      this.#nudge.abort();
      await clock.sleep(FINISH_LOOK_MS, this.#closing.signal);
    }
  }

  /** Ends what is being sent, gives the lease back and lets go of the sink. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
    const lease = this.#lease;
    this.#lease = undefined;
    // Whom the database does not hear loses the lease by itself.
    if (lease) await this.#options.sinks.release(lease).catch(() => {});
    await this.#options.sink.close();
  }

  async #run(): Promise<void> {
    const { clock, events } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      let wait: number;
      try {
        wait = await this.#turn();
        events.storeBack();
      } catch (error) {
        // Only the store throws here: sinks fail by what they answer.
        events.storeAway(error);
        wait = STORE_RETRY_MS;
      }
      if (wait === 0) continue;
      this.#nudge = new AbortController();
      await clock.sleep(wait, AbortSignal.any([signal, this.#nudge.signal]));
    }
  }

  /** One look, and one piece if there is one to send. Answers the milliseconds until the next. */
  async #turn(): Promise<number> {
    const { clock } = this.#options;
    if (!this.#lease && !(await this.#claim())) return CLAIM_MS;
    if (clock.now() - this.#renewedAt >= RENEW_MS && !(await this.#renew())) return 0;
    if (clock.now() - this.#spoolAt >= SPOOL_MS && !(await this.#lookAtSpool())) return 0;
    const { state, nextTryAt } = this.#now();
    if (state === "disabled") return RENEW_MS;
    const rest = (nextTryAt?.getTime() ?? 0) - clock.now();
    return rest > 0 ? Math.min(rest, RENEW_MS) : this.#sendNext();
  }

  #now(): SinkProgress {
    if (!this.#progress) throw new Error("a sink without a lease is worked");
    return this.#progress;
  }

  async #claim(): Promise<boolean> {
    const { sink, sinks, holder, clock } = this.#options;
    const claimed = await sinks.claim(sink.name, { target: sink.target, holder, leaseMs: LEASE_MS });
    this.#lease = claimed?.lease;
    this.#progress = claimed?.progress;
    this.#renewedAt = clock.now();
    this.#spoolAt = -Infinity;
    return claimed !== undefined;
  }

  async #renew(): Promise<boolean> {
    const { sinks, clock, events } = this.#options;
    if (!this.#lease) return false;
    const progress = await sinks.renew(this.#lease, LEASE_MS);
    if (!progress) return this.#lose();
    if (this.#now().state !== "working" && progress.state === "working") events.resumed();
    this.#progress = progress;
    this.#renewedAt = clock.now();
    return true;
  }

  #lose(): false {
    this.#lease = undefined;
    this.#progress = undefined;
    this.#waiting = 0;
    return false;
  }

  async #sendNext(): Promise<number> {
    const { sink, sinks, source } = this.#options;
    const { position, sendingTo } = this.#now();
    const last = await source.last();
    this.#waiting = Math.max(0, last - position);
    if (this.#waiting === 0) return IDLE_MS;
    const piece = await nextPiece(source, position, sendingTo, sink.most);
    const end = piece.at(-1)?.position;
    if (end === undefined) {
      // What lay here has been retired; a piece that was begun is over.
      return (await this.#moved(sendingTo ?? last, 0)) ? 0 : CLAIM_MS;
    }
    this.#oldestAt = piece[0]?.at;
    // Retention waits for sinks that keep; where it did not, what is missing is told of. A new sink begins with what there is.
    const start = piece[0]?.position ?? 0;
    if (position > 0 && start > position + 1 && !(await this.#shed(position, start - 1))) return CLAIM_MS;
    if (sendingTo === null) {
      if (!this.#lease || !(await sinks.begin(this.#lease, end))) return this.#lose() || CLAIM_MS;
      this.#progress = { ...this.#now(), sendingTo: end };
    }
    const delivery = await this.#keepingLease((stop) => this.#attempts.send(piece, stop));
    if (!this.#lease) return 0;
    if (delivery.kind === "delivered") return this.#arrived(piece, delivery.count);
    // What was ended by the end of this process says nothing of the sink.
    return this.#closing.signal.aborted ? 0 : this.#failed(delivery);
  }

  /** Renews the lease while the work goes on, and stops the work when somebody else has taken it. */
  async #keepingLease(work: (stop: AbortSignal) => Promise<Delivery>): Promise<Delivery> {
    const done = new AbortController();
    const lost = new AbortController();
    const keep = async (): Promise<void> => {
      for (;;) {
        await this.#options.clock.sleep(RENEW_MS, done.signal);
        if (done.signal.aborted) return;
        // A database that does not answer takes the lease from nobody; the fence guards what is written later.
        const held = await this.#renew().catch(() => true);
        if (!held) lost.abort();
      }
    };
    const keeping = keep();
    const delivery = await work(AbortSignal.any([lost.signal, this.#closing.signal]));
    done.abort();
    await keeping;
    return delivery;
  }

  async #arrived(piece: readonly { readonly position: number }[], count: number): Promise<number> {
    const before = this.#now();
    const end = piece[count - 1]?.position;
    if (end === undefined || !(await this.#moved(end, count))) return 0;
    this.#options.events.delivered(count, before);
    return 0;
  }

  async #moved(position: number, count: number): Promise<boolean> {
    const { sinks, clock } = this.#options;
    if (!this.#lease) return false;
    const at = new Date(clock.now());
    if (!(await sinks.advance(this.#lease, { position, count, at }))) return this.#lose();
    const before = this.#now();
    this.#waiting = Math.max(0, this.#waiting - (position - before.position));
    const sendingTo = before.sendingTo !== null && before.sendingTo > position ? before.sendingTo : null;
    const working = { state: "working", reason: null, failures: 0, failingSince: null, nextTryAt: null } as const;
    this.#progress = { ...before, ...working, position, sendingTo, lastDeliveredAt: at };
    return true;
  }

  async #failed(delivery: Exclude<Delivery, { readonly kind: "delivered" }>): Promise<number> {
    const { sinks, sink, clock, events, random = Math.random } = this.#options;
    const before = this.#now();
    const failure = afterFailure(delivery, before, { now: clock.now(), random, givesUp: sink.name === "webhook" });
    // Told first: a database that is away as well must not hide that the sink is.
    events.failed(failure, before.state);
    this.#progress = { ...before, ...failure };
    if (!this.#lease || !(await sinks.fail(this.#lease, failure))) this.#lose();
    return 0;
  }

  /** False when the lease was found to be lost. */
  async #lookAtSpool(): Promise<boolean> {
    const { source, spool, clock, events } = this.#options;
    const { position } = this.#now();
    const { waiting, oldestAt, overTo } = await lookAtSpool(source, position, spool, clock.now());
    this.#spoolAt = clock.now();
    this.#waiting = waiting;
    this.#oldestAt = oldestAt;
    this.#spoolFull = overTo !== undefined && spool.policy === "keep";
    events.spoolFull(this.#spoolFull, waiting);
    return overTo === undefined || spool.policy === "keep" || this.#shed(position, overTo);
  }

  async #shed(position: number, to: number): Promise<boolean> {
    const { sink, sinks, recordGap, events } = this.#options;
    if (!this.#lease) return false;
    // The gap is in the log before anything is passed over: what is missing is always told of.
    await recordGap({ sink: sink.name, from: position + 1, to });
    const count = to - position;
    if (!(await sinks.shed(this.#lease, { position: to, count }))) return this.#lose();
    const before = this.#now();
    const sendingTo = before.sendingTo !== null && before.sendingTo > to ? before.sendingTo : null;
    this.#progress = { ...before, position: to, sendingTo };
    this.#waiting = Math.max(0, this.#waiting - count);
    events.shed(count, position + 1, to);
    return true;
  }
}
