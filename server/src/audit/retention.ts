import type { AuditChain, RetirableLog } from "#store/audit-chain.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";

/** What may be removed. */
export interface RetentionBounds {
  /** Days for which records are kept; 0: for ever. The database keeps a week of its own accord. */
  readonly days: number;
  /** The position up to which everybody who needs the records has them; undefined when nobody holds anything back. */
  readonly delivered: () => Promise<number | undefined>;
}

/** A round over all logs, as far as it has come. */
interface Round {
  /** Some of the logs of which something may be removed, and how far. */
  logs: readonly (RetirableLog & { readonly size: number })[];
  /** The one of these that it is at. */
  at: number;
  /** The last tenant that was looked at. */
  last: string;
  more: boolean;
  /** There is more to be removed than was looked at. */
  again: boolean;
  /** Logs that failed one after another. */
  failures: number;
}

const DAY_MS = 24 * 3600 * 1000;
const BATCH = 1000;
/** Tenants that are looked at at a time. */
const TENANTS = 100;
/** So many failures one after another are not the tenants': the database is away. */
const MOST_FAILURES = 10;

/** Removes segments, each up to a checkpoint that stays with its root, whose records are all older than the days. */
export class Retention {
  readonly #chain: Pick<AuditChain, "retirable" | "retire">;
  readonly #bounds: RetentionBounds;
  readonly #log: Logger;
  #round: Round | undefined;

  constructor(chain: Pick<AuditChain, "retirable" | "retire">, bounds: RetentionBounds, log: Logger) {
    this.#chain = chain;
    this.#bounds = bounds;
    this.#log = log;
  }

  /**
   * Goes on with the round over all logs for about `ms` milliseconds. Answers how many records were removed, and whether the round is over;
   * then the next begins. Rejects when log after log fails; called again it goes on behind them.
   */
  async removeFor(ms: number): Promise<{ readonly removed: number; readonly over: boolean }> {
    if (this.#bounds.days === 0) return { removed: 0, over: true };
    const until = performance.now() + ms;
    const round = (this.#round ??= { logs: [], at: 0, last: "", more: true, again: false, failures: 0 });
    let removed = 0;
    do {
      if (round.at === round.logs.length && !round.more) {
        this.#round = undefined;
        return { removed, over: !round.again };
      }
      if (round.at === round.logs.length) await this.#look(round);
      else removed += await this.#remove(round);
    } while (performance.now() < until);
    return { removed, over: false };
  }

  async #look(round: Round): Promise<void> {
    const before = new Date(Date.now() - this.#bounds.days * DAY_MS);
    const below = await this.#bounds.delivered();
    const found = await this.#chain.retirable(round.last, TENANTS, { before, below });
    round.last = found.at(-1)?.tenantId ?? round.last;
    round.more = found.length === TENANTS;
    round.logs = found.flatMap(({ size, ...log }) => (size === null ? [] : [{ ...log, size }]));
    round.at = 0;
  }

  /** A batch of the log that the round is at. One that fails keeps no other from its turn, and is taken up again in the next round. */
  async #remove(round: Round): Promise<number> {
    const log = round.logs[round.at];
    if (!log) return 0;
    const { tenantId, size } = log;
    try {
      const removed = await this.#chain.retire(tenantId, size, BATCH);
      round.failures = 0;
      round.again ||= log.more && removed > 0;
      if (removed === BATCH) return removed;
      round.at += 1;
      this.#log.info({ tenantId, size }, "audit records whose time is over were removed up to this checkpoint");
      return removed;
    } catch (error) {
      round.at += 1;
      round.failures += 1;
      const told = { tenantId, error: describeError(error) };
      this.#log.warn(told, "audit records whose time is over could not be removed now; it is tried again");
      if (round.failures < MOST_FAILURES) return 0;
      round.failures = 0;
      throw error;
    }
  }
}
