import { setTimeout as sleep } from "node:timers/promises";

/** The time that deliveries go by, so that a test can let days pass. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds, or as soon as the signal is aborted; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The clock of the system. Its timers keep no process alive. */
export const SYSTEM_CLOCK: Clock = {
  now: Date.now,
  sleep: (ms, signal) =>
    sleep(ms, undefined, { signal, ref: false }).then(
      () => {},
      () => {},
    ),
};
