import { SlipwayError } from "@slipway/contracts/errors.ts";
import { Gate } from "#lib/gate.ts";
import type { BudgetWindow } from "./counter.ts";
import type { ReadSpent } from "./local-limits.ts";
import type { NanoDollars } from "./rule.ts";

/** What a window's calls have cost by the ledger that were booked from one time on and before another, in ms since the epoch. */
export type SumSpent = (window: BudgetWindow, from: number, to: number) => Promise<NanoDollars>;

/** A window is cut into so many pieces when it is too long to be summed at once. */
const PIECES = 32;
const LEAST_PIECE_MS = 60_000;
/** A sum that failed after this was too long; one that failed at once was not. */
const SLOW_MS = 5_000;
/** Whoever waits is told to come back after this; what was summed until then is not summed again. */
const PATIENCE_MS = 8_000;
/** Lines of the ledger may come later than they are dated; what is younger is summed anew each time. */
const LATE_MS = 600_000;

/** Windows that are read at once: the other connections to the database are for everybody's requests. */
const AT_ONCE = 3;
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
 * After a start many windows are asked for together, one for each key of a tenant: they take turns.
 */
export function spentByLedger(sum: SumSpent, clock: () => number, now: () => number): ReadSpent {
  const read = readInPieces(sum, clock, now);
  const gate = new Gate(AT_ONCE, MOST_WAITING);
  const later = () => new SlipwayError("database_unavailable", "What others have spent is being summed.");
  return async (window, before) => {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), MOST_WAIT_MS);
    await gate.enter(patience.signal, { busy: later, late: later }).finally(() => clearTimeout(timer));
    try {
      return await read(window, before);
    } finally {
      gate.leave();
    }
  };
}

function readInPieces(sum: SumSpent, clock: () => number, now: () => number): ReadSpent {
  const begun = new WeakMap<BudgetWindow, Progress>();
  return async (window, before = window.end) => {
    const to = Math.min(window.end, before);
    const startedAt = clock();
    const progress = begun.get(window);
    if (progress === undefined) {
      try {
        return await sum(window, window.start, to);
      } catch (error) {
        const pieceMs = (window.end - window.start) / PIECES;
        if (clock() - startedAt > SLOW_MS) begun.set(window, { upTo: window.start, spent: 0, pieceMs });
        throw error;
      }
    }
    const settled = Math.min(to, now() - LATE_MS);
    while (progress.upTo < settled) {
      await addPiece(sum, window, progress, settled, clock);
      const whole = progress.upTo >= settled;
      if (!whole && clock() - startedAt > PATIENCE_MS)
        throw new SlipwayError("database_unavailable", "What was spent is still being summed.");
    }
    const rest = await sum(window, progress.upTo, to);
    begun.delete(window);
    return progress.spent + rest;
  };
}

async function addPiece(
  sum: SumSpent,
  window: BudgetWindow,
  progress: Progress,
  most: number,
  clock: () => number,
): Promise<void> {
  const startedAt = clock();
  const upTo = Math.min(progress.upTo + progress.pieceMs, most);
  try {
    progress.spent += await sum(window, progress.upTo, upTo);
    progress.upTo = upTo;
  } catch (error) {
    if (clock() - startedAt > SLOW_MS) progress.pieceMs = Math.max(LEAST_PIECE_MS, progress.pieceMs / 2);
    throw error;
  }
}
