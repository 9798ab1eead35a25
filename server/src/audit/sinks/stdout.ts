import { write } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { AuditSink, Delivery, SinkRecord } from "./sink.ts";

const writeSome = promisify(write);

// A pipe takes so much in one piece (PIPE_BUF of Linux, pipe(7)): lines of other writers do not come between.
const WHOLE_BYTES = 4096;
const FULL_MS = 50;

/** A line as the log's other lines are, with the record in a field of its own. */
function lineOf({ at, json }: SinkRecord): Buffer {
  return Buffer.from(`{"level":"info","time":"${at.toISOString()}","msg":"audit","audit":${json}}\n`);
}

/** Whole lines in pieces that a pipe takes at once. */
function piecesOf(records: readonly SinkRecord[]): readonly Buffer[] {
  const pieces: Buffer[] = [];
  let lines: Buffer[] = [];
  let bytes = 0;
  for (const line of records.map(lineOf)) {
    if (bytes + line.length > WHOLE_BYTES && lines.length > 0) {
      pieces.push(Buffer.concat(lines));
      lines = [];
      bytes = 0;
    }
    lines.push(line);
    bytes += line.length;
  }
  if (lines.length > 0) pieces.push(Buffer.concat(lines));
  return pieces;
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EAGAIN";
}

/**
 * Writes records as lines to a descriptor. Outside of the main thread, for a reader that does not read would stop everything
 * else; a descriptor that is full is tried again until the delivery's time is up.
 */
export function createStdoutSink(fd = 1): AuditSink {
  /** A line was begun and not ended. */
  let torn = false;

  async function writeAll(piece: Buffer, signal: AbortSignal): Promise<boolean> {
    for (let start = 0; start < piece.length;) {
      if (signal.aborted) return false;
      try {
        const { bytesWritten } = await writeSome(fd, piece, start, piece.length - start, null);
        start += bytesWritten;
        torn = start < piece.length;
      } catch (error) {
        if (!isFull(error)) throw error;
        await sleep(FULL_MS, undefined, { ref: false });
      }
    }
    return true;
  }

  return {
    name: "stdout",
    target: fd === 1 ? "stdout" : `descriptor ${fd}`,
    most: { records: 500, bytes: 512 * 1024 },
    deadlineMs: 15_000,
    async deliver(records, signal): Promise<Delivery> {
      for (const piece of piecesOf(records)) {
        const whole = torn ? Buffer.concat([Buffer.from("\n"), piece]) : piece;
        if (!(await writeAll(whole, signal))) return { kind: "failed", reason: "nobody reads standard output" };
      }
      return { kind: "delivered", count: records.length };
    },
    close: () => Promise.resolve(),
  };
}
