import { SlipwayError } from "@slipway/contracts/errors.ts";
import { Gate } from "#lib/gate.ts";
import type { BudgetWindow } from "./counter.ts";
import type { ReadSpent } from "./local-limits.ts";
import type { NanoDollars } from "./rule.ts";

/**
 * What the calls of each of these windows have cost by the ledger that were booked from one time on and before another, in ms since
 * the epoch. All windows are of one tenant and one limit.
 */
export type SumSpent = (windows: readonly BudgetWindow[], from: number, to: number) => Promise<readonly NanoDollars[]>;

/** A window is cut into so many pieces when it is too long to be summed at once. */
const PIECES = 32;
const LEAST_PIECE_MS = 60_000;
/** A sum that failed after this was too long; one that failed at once was not. */
const SLOW_MS = 5_000;
/** Whoever waits is told to come back after this; what was summed until then is not summed again. */
const PATIENCE_MS = 8_000;
/** Lines of the ledger may come later than they are dated; what is younger is summed anew each time. */
const LATE_MS = 600_000;

/** Sums that run at once: the other connections to the database are for everybody's requests. */
const AT_ONCE = 3;
/** Windows that are summed by one statement. */
const MOST_TOGETHER = 1000;
/** Who has waited so long for a turn is told to come back. */
const MOST_WAIT_MS = 8_000;
const MOST_WAITING = 1000;

interface Progress {
  upTo: number;
  spent: NanoDollars;
  pieceMs: number;
}

/**
 * Reads what a window has spent, at once where that can be done in the time that the database has for a statement. Where it cannot, because a
 * tenant's month has some ten million calls, it goes piece by piece, and who asks again later goes on from where the last one stopped.
 */
export function spentByLedger(sum: SumSpent, clock: () => number, now: () => number): ReadSpent {
  const sumOne = sumTogether(sum, clock);
  const begun = new WeakMap<BudgetWindow, Progress>();
  return async (window, before = window.end) => {
    const to = Math.min(window.end, before);
    // The same for all who ask in these minutes, so that they can be summed together.
    const settled = Math.min(to, Math.floor(now() / LATE_MS - 1) * LATE_MS);
    const startedAt = clock();
    const progress = begun.get(window);
    if (progress === undefined) {
      const shared = to === window.end || settled <= window.start ? to : settled;
      try {
        const spent = await sumOne(window, window.start, shared);
        return shared === to ? spent : spent + (await sumOne(window, shared, to));
      } catch (error) {
        const pieceMs = (window.end - window.start) / PIECES;
        if (error instanceof TooLong) begun.set(window, { upTo: window.start, spent: 0, pieceMs });
        throw reasonOf(error);
      }
    }
    while (progress.upTo < settled) {
      await addPiece(sumOne, window, progress, settled);
      const whole = progress.upTo >= settled;
      if (!whole && clock() - startedAt > PATIENCE_MS)
        throw new SlipwayError("database_unavailable", "What was spent is still being summed.");
    }
    const rest = await sumOne(window, progress.upTo, to).catch((error: unknown) => {
      throw reasonOf(error);
    });
    begun.delete(window);
    return progress.spent + rest;
  };
}

type SumOne = (window: BudgetWindow, from: number, to: number) => Promise<NanoDollars>;

/** A sum that failed because there was too much to add up. */
class TooLong extends Error {}

function reasonOf(error: unknown): unknown {
  return error instanceof TooLong ? error.cause : error;
}

/** Windows that wait for one sum. */
interface Together {
  readonly windows: BudgetWindow[];
  readonly sums: Promise<readonly NanoDollars[]>;
}

/**
 * After a start many windows are asked for at once, one for each key of a tenant: sums take turns, and those that wait for theirs and differ
 * only in whose they are become one.
 */
function sumTogether(sum: SumSpent, clock: () => number): SumOne {
  const gate = new Gate(AT_ONCE, MOST_WAITING);
  const waiting = new Map<string, Together>();
  const later = () => new SlipwayError("database_unavailable", "What others have spent is being summed.");

  async function run(windows: readonly BudgetWindow[], name: string, from: number, to: number) {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), MOST_WAIT_MS);
    await gate.enter(patience.signal, { busy: later, late: later }).finally(() => {
      clearTimeout(timer);
      if (waiting.get(name)?.windows === windows) waiting.delete(name);
    });
    const startedAt = clock();
    try {
      return await sum(windows, from, to);
    } catch (error) {
      throw clock() - startedAt > SLOW_MS ? new TooLong("too much to sum", { cause: error }) : error;
    } finally {
      gate.leave();
    }
  }

  return async (window, from, to) => {
    const { tenantId, rule } = window.counter;
    const name = [tenantId, rule.id, from, to].join("\n");
    let together = waiting.get(name);
    if (together === undefined || together.windows.length >= MOST_TOGETHER) {
      const windows: BudgetWindow[] = [];
      together = { windows, sums: run(windows, name, from, to) };
      waiting.set(name, together);
    }
    const place = together.windows.push(window) - 1;
    const spent = (await together.sums)[place];
    if (spent === undefined) throw new Error("a window was not summed");
    return spent;
  };
}

async function addPiece(sum: SumOne, window: BudgetWindow, progress: Progress, most: number): Promise<void> {
  const upTo = Math.min(progress.upTo + progress.pieceMs, most);
  try {
    progress.spent += await sum(window, progress.upTo, upTo);
    progress.upTo = upTo;
  } catch (error) {
    if (error instanceof TooLong) progress.pieceMs = Math.max(LEAST_PIECE_MS, progress.pieceMs / 2);
    throw reasonOf(error);
  }
}
