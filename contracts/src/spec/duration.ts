import { z } from "zod";

const DURATION = /^(\d{1,7})(ms|s|m|h)$/;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const MOST_MS = 24 * 3_600_000;

/** Milliseconds of a time as people write it; NaN for anything else. */
export function durationMs(text: string): number {
  const [, count, unit] = DURATION.exec(text) ?? [];
  return Number(count) * (UNITS[unit ?? ""] ?? Number.NaN);
}

/** A time: a whole number with its unit, `500ms`, `20s`, `5m` or `1h`, from 1 ms to a day. */
export const durationSchema = z.string().refine((text) => durationMs(text) >= 1 && durationMs(text) <= MOST_MS, {
  error: "must be a time such as 500ms, 20s or 5m",
});
