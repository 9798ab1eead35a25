/** A figure as it is likely to be little, as it is to be expected, and as it is likely to be much. */
export interface Range {
  readonly low: number;
  readonly expected: number;
  readonly high: number;
}

export const CASES = ["low", "expected", "high"] as const;
export type Case = (typeof CASES)[number];

/** Hours of a month, as the vendors count them: 365 days × 24 h ÷ 12. */
export const MONTH_HOURS = 730;
export const MONTH_DAYS = MONTH_HOURS / 24;

/** What was measured of the server, docs/reference/performance.md. */
export const MEASURED = {
  date: "2026-11-21",
  source: "docs/reference/performance.md",
  command: "./slipway bench router",
  /** Microseconds of CPU: the faster machine; the slower one with a strict audit log; twice that. */
  cpuMicrosPerRequest: { low: 68.1, expected: 222.7, high: 445.4 },
  /** PostgreSQL's own, in strict mode. */
  databaseCpuMicrosPerRequest: { low: 110, expected: 160, high: 210 },
  /** Mebibytes of a process: idle; under load with a strict audit log; the most that was seen. */
  memoryMiB: { low: 92.3, expected: 280, high: 340 },
} as const satisfies Readonly<Record<string, Range | string>>;

/** What is assumed of the traffic, because only its owner knows. */
export const ASSUMED = {
  /** From a request to the end of its answer: the model's time. */
  secondsPerAnswer: { low: 1, expected: 5, high: 20 },
  kilobytesOut: { low: 2, expected: 8, high: 40 },
  kilobytesLogged: { low: 0.4, expected: 1, high: 4 },
  kilobytesStored: { low: 0, expected: 2, high: 16 },
  /** Commands to Redis. */
  redisCommands: { low: 2, expected: 4, high: 8 },
  inputTokens: { low: 300, expected: 1500, high: 6000 },
  outputTokens: { low: 100, expected: 400, high: 1500 },
  /** For how long an instance stays after its last request, where none is kept. */
  lingerSeconds: { low: 0, expected: 300, high: 900 },
} as const satisfies Readonly<Record<string, Range>>;

/** How a day's requests are spread: hours with their share of them. */
export const DAY: Readonly<Record<Case, readonly (readonly [hours: number, share: number])[]>> = {
  low: [[24, 1]],
  expected: [
    [8, 2 / 3],
    [16, 1 / 3],
  ],
  high: [
    [2, 1 / 2],
    [22, 1 / 2],
  ],
};
