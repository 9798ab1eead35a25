import { newId } from "#lib/ids.ts";
import type { AuditChain } from "#store/audit-chain.ts";
import type { AuditRecords } from "#store/audit-records.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import { Checkpointing } from "./checkpointing.ts";
import { Retention, type RetentionBounds } from "./retention.ts";
import type { CheckpointSigner } from "./signer.ts";

export interface SequencerOptions {
  readonly chain: AuditChain;
  readonly records: Pick<AuditRecords, "lastPosition">;
  readonly signer: CheckpointSigner;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Milliseconds between checkpoints. */
  readonly checkpointMs: number;
  readonly retention: RetentionBounds;
}

/** Puts audit records in order, signs the state of the logs and removes what may go; in one process at a time. */
export interface Sequencer {
  start(): void;
  /** Puts in order what waits, signs a last time and gives the turn back; takes at most `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

/** How long a turn lasts when its holder is not heard of; another process takes over after it. */
const LEASE_MS = 5_000;
const RENEW_MS = LEASE_MS / 3;
/** Between looks while nothing comes, and while records come: many small pages, so that no request waits behind a large one. */
const IDLE_MS = 400;
const BUSY_MS = 200;
/**
 * A round of checkpoints over thousands of logs, or of removals, takes longer than a turn lasts: after so long the turn is renewed and what
 * came meanwhile is put in order, and the round goes on after that.
 */
const PIECE_MS = 2_000;
const RETIRE_MS = 3600 * 1000;
const PAGE = 2000;
/** Tenants whose records one statement after another gives places to in one transaction: it must be over long before a turn is. */
const TENANTS = 250;

class AuditSequencer implements Sequencer {
  readonly #options: SequencerOptions;
  readonly #holder = newId("seq");
  readonly #checkpointing: Checkpointing;
  readonly #retention: Retention;
  #position: number | undefined;
  #leasedUntil = 0;
  #renewAt = 0;
  #signAt = 0;
  #signing = false;
  #retireAt = 0;
  #retiring = false;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #failing = false;
  #started = false;
  #closed = false;

  constructor(options: SequencerOptions) {
    this.#options = options;
    const { chain, signer, log, metrics } = options;
    this.#retention = new Retention(chain, options.retention, log);
    this.#checkpointing = new Checkpointing(chain, signer, {
      onBroken(tenantId, seq) {
        metrics.auditBroken.inc({});
        log.error({ tenantId, seq }, "the audit log was changed in the database: it is not signed from this record on");
      },
      onFailed(tenantId, error) {
        log.warn({ tenantId, error: describeError(error) }, "the audit log could not be signed now; it is tried again");
      },
    });
  }

  start(): void {
    this.#started = true;
    this.#again(0);
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    if (!this.#started) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    await Promise.race([this.#running.then(() => this.#last()), late]);
    clearTimeout(timer);
  }

  #again(delayMs: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#turn().then((nextMs) => this.#again(nextMs));
    }, delayMs);
    this.#timer.unref();
  }

  /** One look; milliseconds until the next. A failure ends this turn only. */
  async #turn(): Promise<number> {
    try {
      if (!(await this.#mine())) {
        this.#signing = false;
        this.#retiring = false;
        return IDLE_MS;
      }
      const found = await this.#sequence();
      const now = performance.now();
      if (!this.#signing && now >= this.#signAt) {
        this.#signAt = now + this.#options.checkpointMs;
        this.#signing = true;
      }
      if (!this.#retiring && now >= this.#retireAt) {
        this.#retireAt = now + RETIRE_MS;
        this.#retiring = true;
      }
      const ms = this.#signing && this.#retiring ? PIECE_MS / 2 : PIECE_MS;
      if (this.#signing) this.#signing = !(await this.#sign(ms));
      if (this.#retiring) this.#retiring = !(await this.#retention.removeFor(ms)).over;
      if (this.#failing) this.#options.log.info({}, "audit records are put in order again");
      this.#failing = false;
      return found === PAGE || this.#signing || this.#retiring ? 0 : found > 0 ? BUSY_MS : IDLE_MS;
    } catch (error) {
      this.#forget();
      this.#signing = false;
      this.#retiring = false;
      if (!this.#failing)
        this.#options.log.warn(
          { error: describeError(error) },
          "audit records cannot be put in order now; they are kept and wait",
        );
      this.#failing = true;
      return IDLE_MS;
    }
  }

  async #mine(): Promise<boolean> {
    const now = performance.now();
    if (now < this.#renewAt) return this.#leasedUntil > now;
    this.#renewAt = now + RENEW_MS;
    const before = this.#leasedUntil > now;
    const mine = await this.#options.chain.lease(this.#holder, LEASE_MS);
    this.#leasedUntil = mine ? now + LEASE_MS : 0;
    // Another may have gone on in the meantime.
    if (mine && !before) this.#forget();
    return mine;
  }

  async #last(): Promise<void> {
    const { chain, log } = this.#options;
    try {
      if (!(await chain.lease(this.#holder, LEASE_MS))) return;
      if (this.#leasedUntil <= performance.now()) this.#forget();
      while ((await this.#sequence()) === PAGE);
      this.#checkpointing.begin();
      while (!(await this.#sign(PIECE_MS)));
      await chain.release(this.#holder);
    } catch (error) {
      log.warn(
        { error: describeError(error) },
        "the audit log could not be signed at the end; the next server signs it",
      );
    }
  }

  #forget(): void {
    this.#position = undefined;
    this.#checkpointing.forget();
  }

  /** True when every log that has grown is signed. */
  async #sign(ms: number): Promise<boolean> {
    const { made, over } = await this.#checkpointing.signFor(ms);
    if (made > 0) this.#options.metrics.auditCheckpoints.inc({}, made);
    return over;
  }

  /**
   * Puts a page of records in order, where they lie; how many there were, and less than a page when another process was faster. A whole page
   * is answered too where others wait behind as many tenants as are taken at once.
   */
  async #sequence(): Promise<number> {
    const { chain, records, metrics } = this.#options;
    const oldest = await chain.waiting(PAGE);
    if (oldest.length === 0) return 0;
    const waiting = oldest.slice(0, TENANTS);
    const position = (this.#position ??= await records.lastPosition());
    const placed = await chain.place(waiting, position);
    if (placed === undefined) {
      // Another process has the turn and was faster.
      this.#forget();
      this.#leasedUntil = 0;
      return 0;
    }
    this.#position = position + placed;
    metrics.auditSequenced.inc({}, placed);
    return waiting.length < oldest.length ? PAGE : waiting.reduce((sum, { count }) => sum + count, 0);
  }
}

/** A sequencer that has not begun. */
export function createSequencer(options: SequencerOptions): Sequencer {
  return new AuditSequencer(options);
}
